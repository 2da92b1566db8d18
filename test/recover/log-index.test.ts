import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { applyPlan, resumeRollback, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { undoWith } from '../../lib/recover/undo.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { LogIndexCopy, logIndexCase, problemsOfLogIndex, unpackLogIndex } from '../helpers/log-index.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { type Tree, treeOf } from '../helpers/tree.ts';
import { FaultyFs } from '../proof/simulator/faulty-fs.ts';

/** The hook of mocha: `after` is a tree here. */
const afterAll = globalThis.after;

/** Cases: one more log, a log that is replaced, an empty one; and at which calls a run dies. */
const CASES = [
  ['logidx-floor-above', 2],
  ['logidx-killed', 1],
  ['logidx-idle', 5],
] as const;

for (const [name, every] of CASES) {
  describe(`a rollback that changes a log-index (${name})`, () => {
    let unpacked: string;
    let after: Tree;
    let calls: number;

    before(async () => {
      unpacked = unpackLogIndex(logIndexCase(name));
      const copy = new LogIndexCopy(name, unpacked);
      const fs = new FaultyFs(realFs, {});
      await applyWith(fs, await copy.plan(), copy.roots);
      calls = fs.ops.length;
      after = databaseTree(copy.dir);
      expect(problemsOfLogIndex(copy.one, copy.before, treeOf(copy.dir))).to.deep.equal([]);
      removeTempDir(copy.dir);
    });

    afterAll(() => removeTempDir(unpacked));

    it('is finished by resume, whatever call it died at', async () => {
      const reached = new Set<string>();
      for (let call = 0; call < calls; call += every) {
        const copy = new LogIndexCopy(name, unpacked);
        const plan = await copy.plan();
        await applyWith(new FaultyFs(realFs, { crashAt: call }), plan, copy.roots).catch(() => {});
        const [seen] = (await rollbackStatus(copy.roots)).transactions;
        await resumeRollback(copy.roots);
        const state = copy.state(after);
        expect(state, `call ${call}`).to.equal(seen?.committed === true ? 'after' : 'before');
        reached.add(state);
        removeTempDir(copy.dir);
      }
      expect([...reached]).to.have.members(['before', 'after']);
    });

    it('is taken back by undo, whatever call it died at', async () => {
      for (let call = 0; call < calls; call += every) {
        const copy = new LogIndexCopy(name, unpacked);
        const plan = await copy.plan();
        await applyWith(new FaultyFs(realFs, { crashAt: call }), plan, copy.roots).catch(() => {});
        await undoRollback(copy.roots).catch((error: { code?: string }) => {
          // Before the intent there is nothing to take back, and a fence may stand there.
          expect(error.code, `call ${call}`).to.be.oneOf(['ERR_NOTHING_TO_UNDO', 'ERR_UNFINISHED']);
        });
        await resumeRollback(copy.roots);
        if ((await rollbackStatus(copy.roots)).transactions.length > 0) await undoRollback(copy.roots);
        expect(copy.state(after), `call ${call}`).to.equal('before');
        removeTempDir(copy.dir);
      }
    });

    it('is taken back by an undo that died and was run again', async () => {
      const first = new LogIndexCopy(name, unpacked);
      await applyPlan(await first.plan());
      const fs = new FaultyFs(realFs, {});
      await undoWith(fs, first.roots, first.roots);
      removeTempDir(first.dir);
      for (let call = 0; call < fs.ops.length; call += every) {
        const copy = new LogIndexCopy(name, unpacked);
        await applyPlan(await copy.plan());
        await undoWith(new FaultyFs(realFs, { crashAt: call }), copy.roots, copy.roots).catch(() => {});
        await resumeRollback(copy.roots);
        if ((await rollbackStatus(copy.roots)).transactions.length > 0) await undoRollback(copy.roots);
        expect(copy.state(after), `call ${call}`).to.equal('before');
        removeTempDir(copy.dir);
      }
    });
  });
}
