/** The options of scripts/crash-sweep.ts. */
import { CommandLine } from '../../../scripts/command.ts';

/** What the script tells about itself. */
const USAGE = `Usage: npx tsx scripts/crash-sweep.ts [options]

Kills, fails, stops and signals the built command at its mutating system calls, fills its disk and cuts the disk
off, and checks that every state can be finished and taken back. Needs strace and a build (npm run build).
Parts: kill (at every call), double (again while recovering), errors (EIO and ENOSPC from every call), together
(signals; other commands beside it; a foreign lock; two at once), full (a tmpfs without room), power (ext4 and xfs
disks cut off). What this machine cannot do is skipped, and it says why.

  --cases A,B       engine-written fixtures to use (test/fixtures/engine)
  --parts A,B       of: kill, double, errors, together, full, power (default all)
  --every N         only each N-th point (default 1: every point)
  --points N        at most about N points of each sweep
  --quick           a small selection of everything that takes two or three minutes
  --self-test       sweep copies of the program with a fault each instead: every fault must be found
  --jobs N          points worked on at the same time (default 2)
  --violations N    stop after this many (default 5)
  --only ID         only the points whose id begins with this, as a violation prints it
  --rows FILE       append the counts to a file, as lines of JSON
  --keep            leave the directories of violations
  --verbose         name every sweep while it runs
`;

/** Groups of sweeps. */
export const PARTS = ['kill', 'double', 'errors', 'together', 'full', 'power'] as const;
/** One group of sweeps. */
export type Part = (typeof PARTS)[number];

/** Parsed options. */
export interface Options {
  readonly cases: readonly string[];
  readonly parts: ReadonlySet<Part>;
  readonly every: number;
  readonly points: number;
  readonly quick: boolean;
  readonly selfTest: boolean;
  readonly jobs: number;
  readonly violations: number;
  readonly only: string | null;
  readonly rows: string | null;
  readonly keep: boolean;
  readonly verbose: boolean;
  /** Count violations without telling them. */
  readonly quiet: boolean;
}

const CASES = [
  'single-root',
  'interrupted-cut',
  'tail-with-hole',
  'crashed-tail-match',
  'snapshots',
  'many-roots',
];
const QUICK_CASES = ['tail-with-hole', 'snapshots'];
const QUICK_POINTS = 3;

/** Reads the command line. */
export function readOptions(): Options {
  const command = CommandLine.read(USAGE);
  const [only, quick] = [command.text('only'), command.flag('quick')];
  const fromId = only?.split(':')[0];
  const parts = (command.text('parts')?.split(',') ?? [...PARTS]) as Part[];
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`--parts: there is no ${unknown.join(', ')}`);
  return {
    cases: command.text('cases')?.split(',') ?? (fromId ? [fromId] : quick ? QUICK_CASES : CASES),
    parts: new Set(parts),
    every: command.number('every', 1, 1),
    points: command.number('points', quick ? QUICK_POINTS : Number.MAX_SAFE_INTEGER, 1),
    quick,
    selfTest: command.flag('self-test'),
    jobs: command.number('jobs', 2, 1),
    violations: command.number('violations', 5, 1),
    only,
    rows: command.text('rows'),
    keep: command.flag('keep'),
    verbose: command.flag('verbose'),
    quiet: false,
  };
}
