/** Whole rollbacks in memory: what they leave is what they leave on disk. */
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../../lib/apply/apply.ts';
import { applyPlan, planRollback } from '../../../lib/index.ts';
import { undoWith } from '../../../lib/recover/undo.ts';
import { readDatabase } from '../../../lib/store/database.ts';
import { realFs } from '../../../lib/store/durable-fs.ts';
import { acquireLocks, type LockSet } from '../../../lib/store/lock.ts';
import { removeTempDir } from '../../helpers/temp.ts';
import { planOptions, unpackNamed } from '../../helpers/transactions.ts';
import { type Tree, treeOf } from '../../helpers/tree.ts';
import { inconsistencies } from './check-tree.ts';
import type { MemoryFs } from './memory-fs.ts';
import { dump, loadTree } from './tree-io.ts';
import { comparable } from './twin.ts';

/**
 * A tree without the contents that differ between two equal runs: times, names of processes, random numbers. Nor
 * are two audits of one size: they tell how many milliseconds the run took.
 */
function alike(tree: Tree): Record<string, unknown> {
  const entries = [...tree].map(([path, entry]) => {
    if (!/(^|\/)\.litt-rollback\//.test(path) || path.includes('/kept/')) return [path, entry] as const;
    const { sha256: _, ...sized } = entry;
    const { size: __, ...unsized } = sized;
    return [path, path.endsWith('/audit.jsonl') ? unsized : sized] as const;
  });
  return comparable(new Map(entries));
}

/** Does something while the simulated database is locked. */
async function locked<T>(
  fs: MemoryFs,
  dirs: readonly string[],
  work: (locks: LockSet) => Promise<T>,
): Promise<T> {
  const locks = acquireLocks(fs, dirs);
  const result = await work(locks);
  locks.release();
  return result;
}

describe('sim: a rollback in memory', () => {
  for (const name of ['many-roots', 'snapshots', 'tail-with-hole']) {
    it(`leaves what the same plan leaves on disk: ${name}`, async () => {
      const unpacked = unpackNamed(name);
      const options = planOptions(unpacked);
      const plan = await planRollback(options);
      const fs = loadTree(unpacked.dir);
      expect(readDatabase(fs, plan.roots)).to.deep.equal(readDatabase(realFs, plan.roots));
      const dirs = plan.snapshotDir === null ? plan.roots : lockedBelow(plan.roots, plan.snapshotDir, fs);
      const simulated = await locked(fs, dirs, (locks) => applyWith(fs, plan, locks));
      const real = await applyPlan(plan);
      expect(simulated).to.deep.equal(real);
      expect(alike(dump(fs, unpacked.dir))).to.deep.equal(alike(treeOf(unpacked.dir)));
      expect(inconsistencies(fs)).to.deep.equal([]);
      expect(fs.openDescriptors).to.equal(0);
      removeTempDir(unpacked.dir);
    });
  }

  it('takes it back', async () => {
    const unpacked = unpackNamed('many-roots');
    const plan = await planRollback(planOptions(unpacked));
    const fs = loadTree(unpacked.dir, { reflinks: true });
    const before = database(dump(fs, unpacked.dir, { identity: false }));
    await locked(fs, plan.roots, (locks) => applyWith(fs, plan, locks));
    expect(database(dump(fs, unpacked.dir, { identity: false }))).to.not.deep.equal(before);
    await locked(fs, plan.roots, (locks) => undoWith(fs, plan.roots, locks));
    expect(database(dump(fs, unpacked.dir, { identity: false }))).to.deep.equal(before);
    removeTempDir(unpacked.dir);
  });
});

/** The roots, the snapshot directory, and the tables below it. */
function lockedBelow(roots: readonly string[], snapshotDir: string, fs: MemoryFs): string[] {
  const below = fs.readdir(snapshotDir).map((name) => join(snapshotDir, name));
  return [...roots, snapshotDir, ...below.filter((path) => fs.lstat(path).kind === 'directory')];
}

/** A tree without what this program keeps for itself, and without the stale locks that a rollback takes over. */
function database(tree: Tree): Record<string, unknown> {
  return comparable(
    new Map([...tree].filter(([path]) => !/(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/.test(path))),
  );
}
