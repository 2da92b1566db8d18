/** The options of scripts/crash-sweep.ts. */
import { parseArgs } from 'node:util';

/** What the script tells about itself. */
export const USAGE = `Usage: npx tsx scripts/crash-sweep.ts [options]

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

/** Parses the command line; null when only the usage was asked for. Throws on what it does not understand. */
export function parseOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      cases: { type: 'string' },
      parts: { type: 'string' },
      every: { type: 'string' },
      points: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'self-test': { type: 'boolean', default: false },
      jobs: { type: 'string' },
      violations: { type: 'string' },
      only: { type: 'string' },
      rows: { type: 'string' },
      keep: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const only = values.only ?? null;
  const fromId = only?.split(':')[0];
  const parts = (values.parts?.split(',') ?? [...PARTS]) as Part[];
  const unknown = parts.filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`--parts: there is no ${unknown.join(', ')}`);
  return {
    cases: values.cases?.split(',') ?? (fromId ? [fromId] : values.quick ? QUICK_CASES : CASES),
    parts: new Set(parts),
    every: positive(values.every, '--every', 1),
    points: positive(values.points, '--points', values.quick ? QUICK_POINTS : Number.MAX_SAFE_INTEGER),
    quick: values.quick,
    selfTest: values['self-test'],
    jobs: positive(values.jobs, '--jobs', 2),
    violations: positive(values.violations, '--violations', 5),
    only,
    rows: values.rows ?? null,
    keep: values.keep,
    verbose: values.verbose,
    quiet: false,
  };
}

function positive(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${name} takes a number above 0`);
  return value;
}
