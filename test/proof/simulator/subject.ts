/** A random database with a plan, in memory: what the simulator crashes. */
import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { planRollback, type RollbackPlan } from '../../../lib/index.ts';
import { digestOf } from '../../../lib/plan/digest.ts';
import { stepsOfPlan } from '../../../lib/plan/step-effects.ts';
import { planRewind } from '../../../lib/planner/plan-log-index.ts';
import { realFs } from '../../../lib/store/durable-fs.ts';
import { buildLogIndex, type LogIndexSpec } from '../../helpers/pebble-store.ts';
import { type Scenario, scenario, stage } from '../../helpers/scenario.ts';
import { removeTempDir } from '../../helpers/temp.ts';
import type { MemoryFs } from './memory-fs.ts';
import { create } from './small-files.ts';
import { loadTree } from './tree-io.ts';

/** A process number above all that Linux gives out. */
export const DEAD_PID = 4_199_999;

/** The height to which log-indexes go back. */
const GOES_BACK_TO = 3;

/** What is crashed. */
export interface Subject {
  /** Holds the roots, the snapshot directory, a canary and hard-linked copies. */
  readonly dir: string;
  readonly roots: readonly string[];
  readonly snapshotDir: string | undefined;
  /** Every directory that a run locks. */
  readonly lockedDirs: readonly string[];
  readonly plan: RollbackPlan;
  readonly keepUndo: boolean;
  readonly start: MemoryFs;
}

/** How a subject is made; every part follows from what fast-check has drawn. */
export interface SubjectSpec {
  readonly scenario: Scenario;
  readonly keepUndo: boolean;
  readonly reflinks: boolean;
  /** Every how many files have another link outside of the roots; 0 for none. */
  readonly linkEvery: number;
  /** Owner of every file; this program runs as root. */
  readonly owner: number;
  /** Whether the node was killed: its locks are there, and taken over. */
  readonly staleLocks: boolean;
  /** What the file system cannot do: give a file a second name; rename directories that were there. */
  readonly lacks: 'nothing' | 'hard links' | 'renames of directories';
  /** A log-index that goes back, too; null for none. */
  readonly logIndex: LogIndexSpec | null;
}

const logIndex: fc.Arbitrary<LogIndexSpec> = fc.record({
  newest: fc.constant(GOES_BACK_TO + 2),
  oldest: fc.constantFrom(0, GOES_BACK_TO + 2),
  end: fc.constantFrom('closed', 'bare', 'torn'),
});

/** Any subject. */
export const subjectSpec: fc.Arbitrary<SubjectSpec> = fc.record({
  scenario,
  keepUndo: fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  reflinks: fc.boolean(),
  linkEvery: fc.constantFrom(0, 0, 1, 3),
  owner: fc.constantFrom(0, 1000),
  staleLocks: fc.boolean(),
  lacks: fc.constantFrom('nothing', 'nothing', 'nothing', 'hard links', 'renames of directories'),
  logIndex: fc.oneof(fc.constant(null), logIndex),
});

/** Builds the database on disk, plans, and loads it; null where the plan is refused or has no steps. */
export async function makeSubject(spec: SubjectSpec): Promise<Subject | null> {
  const staged = stage(spec.scenario);
  const { dir, roots, snapshotDir } = staged.built;
  try {
    if (staged.refusal !== null) return null;
    // A file system without hard links has none.
    linkFiles(dir, roots, spec.lacks === 'hard links' ? 0 : spec.linkEvery);
    const planned = await planRollback(staged.options);
    const plan = spec.logIndex === null ? planned : await withLogIndex(planned, dir, spec.logIndex);
    if (stepsOfPlan(plan).length === 0) return null;
    const start = loadTree(dir, {
      reflinks: spec.reflinks,
      hardLinks: spec.lacks !== 'hard links',
      layered: spec.lacks === 'renames of directories',
    });
    const below = snapshotDir === undefined ? [] : [snapshotDir, ...tablesBelow(snapshotDir)];
    const lockedDirs = [...roots, ...below];
    if (spec.staleLocks) for (const at of lockedDirs) create(start, join(at, 'litt.lock'), lockText());
    giveAway(start, dir, spec.owner);
    return { dir, roots, snapshotDir, lockedDirs, plan, keepUndo: spec.keepUndo, start };
  } finally {
    removeTempDir(dir);
  }
}

/**
 * The same plan, with a log-index beside the roots: as for a target height, which tables of any keys have not.
 */
async function withLogIndex(plan: RollbackPlan, dir: string, spec: LogIndexSpec): Promise<RollbackPlan> {
  const place = { dir: join(dir, 'log-index'), root: 0, beside: true };
  const [first, ...others] = plan.tables;
  if (first === undefined) return plan;
  buildLogIndex(place.dir, spec);
  const work = await planRewind(realFs, place, first.table, BigInt(GOES_BACK_TO));
  const target = `${GOES_BACK_TO}`;
  const heights = { schema: 'receipts', target, lastKept: null, firstRemoved: null, alsoRemoved: null };
  const changed = {
    ...plan,
    tables: [{ ...first, heights }, ...others],
    ...(work.plan !== undefined && { logIndex: work.plan }),
    fingerprint: [...plan.fingerprint, ...work.fingerprint],
  };
  return { ...changed, digest: digestOf(changed) };
}

const lockText = (): string => `PID: ${DEAD_PID}\nTimestamp: 2026-01-01T00:00:00Z\n`;

const tablesBelow = (snapshotDir: string): string[] =>
  readdirSync(snapshotDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(snapshotDir, entry.name));

function giveAway(fs: MemoryFs, path: string, owner: number): void {
  fs.chown(path, owner, owner);
  if (fs.lstat(path).kind !== 'directory') return;
  for (const name of fs.readdir(path)) giveAway(fs, join(path, name), owner);
}

/** A backup by hard links: it must keep every byte. */
function linkFiles(dir: string, roots: readonly string[], every: number): void {
  if (every === 0) return;
  const backup = join(dir, 'canary', 'backup');
  mkdirSync(backup);
  let seen = 0;
  for (const root of roots) {
    for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!/segments\/[^/]*\.(keys|values|metadata)$/.test(path) || seen++ % every !== 0) continue;
      linkSync(join(root, path), join(backup, String(seen)));
    }
  }
}
