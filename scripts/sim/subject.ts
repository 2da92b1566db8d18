/** A random database with a plan, in memory: what the simulator crashes. */
import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { planRollback, type RollbackPlan } from '../../lib/index.ts';
import { acquireLocks } from '../../lib/store/lock.ts';
import { type Scenario, stage } from '../../test/helpers/scenario.ts';
import type { MemoryFs, OpLog } from '../../test/helpers/sim/memory-fs.ts';
import { loadTree } from '../../test/helpers/sim/tree-io.ts';
import { removeTempDir } from '../../test/helpers/temp.ts';

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
}

/** Builds the database on disk, plans, and loads it; null where the plan is refused or has no steps. */
export async function makeSubject(spec: SubjectSpec): Promise<Subject | null> {
  const staged = stage(spec.scenario);
  const { dir, roots, snapshotDir } = staged.built;
  try {
    if (staged.refusal !== null) return null;
    linkFiles(dir, roots, spec.linkEvery);
    const plan = await planRollback(staged.options);
    if (plan.tables.every((t) => t.steps.length === 0)) return null;
    const start = loadTree(dir, { reflinks: spec.reflinks });
    const below = snapshotDir === undefined ? [] : [snapshotDir, ...tablesBelow(snapshotDir)];
    return {
      dir,
      roots,
      snapshotDir,
      lockedDirs: [...roots, ...below],
      plan,
      keepUndo: spec.keepUndo,
      start,
    };
  } finally {
    removeTempDir(dir);
  }
}

const tablesBelow = (snapshotDir: string): string[] =>
  readdirSync(snapshotDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(snapshotDir, entry.name));

/** Somebody's backup by hard links: it must keep every byte. */
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

/** Something that a locked run does. */
export type Work = (fs: MemoryFs, lockedDirs: readonly string[]) => unknown;

/** Does it under the locks, as a command does, and records every change, those of the locks included. */
export async function record(
  subject: Subject,
  from: MemoryFs,
  work: Work,
): Promise<{ log: OpLog; end: MemoryFs }> {
  const end = from.clone();
  const log = end.record();
  const locks = acquireLocks(end, subject.lockedDirs);
  await work(end, locks.dirs);
  locks.release();
  return { log, end };
}
