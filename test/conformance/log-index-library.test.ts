/** Every home with a log-index that the real store wrote, through the library. */
import { join } from 'node:path';
import { expect } from 'chai';
import {
  applyPlan,
  findHome,
  type PlanOptions,
  planRollback,
  purgeUndo,
  rollbackStatus,
  rootsOfHome,
  undoRollback,
} from '../../lib/index.ts';
import { parsePlan } from '../../lib/plan/schema.ts';
import {
  type LogIndexCase,
  logIndexCases,
  problemsOfLogIndex,
  unpackLogIndex,
} from '../helpers/log-index.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { expectUntouched, subtree, treeDifferences, treeOf } from '../helpers/tree.ts';

/** Unpacks a case, and plans its home. */
function unpacked(one: LogIndexCase): { readonly dir: string; readonly options: PlanOptions } {
  const dir = unpackLogIndex(one);
  const home = findHome(join(dir, one.home));
  const target = { kind: 'height', height: BigInt(one.target.height) } as const;
  return { dir, options: { roots: rootsOfHome(home), home, target, onNoMatch: 'keep' } };
}

describe('engine fixtures with a log-index, through the library', () => {
  const cases = logIndexCases();

  for (const one of cases.filter((c) => c.expect === 'ok')) {
    it(`${one.name}: ${one.what}`, async () => {
      const { dir, options } = unpacked(one);
      const [before, data] = [treeOf(dir), databaseTree(dir)];
      const plan = await planRollback(options);
      expectUntouched(dir, before, 'planning is pure: the tree');
      expect(plan.logIndex).to.include({ verdict: 'rewind', beside: true });
      expect(plan.notices.join(), 'nothing is left to do by hand').to.not.contain('Left as it is');
      const outcome = await applyPlan(parsePlan(JSON.parse(JSON.stringify(plan))));
      expect(outcome.logIndex?.newest).to.deep.equal({
        before: `${one.logIndexBefore?.latestVersion}`,
        after: `${one.target.height}`,
      });
      expect(problemsOfLogIndex(one, before, treeOf(dir))).to.deep.equal([]);
      const again = await planRollback(options);
      expect(again.logIndex?.verdict, 'a second plan').to.equal('nothing');
      expect(again.tables.flatMap((t) => t.steps)).to.deep.equal([]);
      const { transactions } = await rollbackStatus(options.roots);
      expect(transactions.map((t) => t.undo.possible)).to.deep.equal(['now']);
      await undoRollback(options.roots);
      expect(treeDifferences(data, databaseTree(dir))).to.deep.equal([]);
      expect(
        treeDifferences(subtree(before, one.logIndex), subtree(treeOf(dir), one.logIndex)),
      ).to.deep.equal([]);
      removeTempDir(dir);
    });

    it(`${one.name}, purged: the log stays as the rollback left it`, async () => {
      const { dir, options } = unpacked(one);
      const before = treeOf(dir);
      await applyPlan(await planRollback(options));
      await purgeUndo(options.roots);
      expect(problemsOfLogIndex(one, before, treeOf(dir))).to.deep.equal([]);
      removeTempDir(dir);
    });
  }

  for (const one of cases.filter((c) => c.expect === 'refuse')) {
    it(`${one.name} is refused: ${one.refusal}`, async () => {
      const { dir, options } = unpacked(one);
      const before = treeOf(dir);
      const error = await rejection(planRollback(options));
      expect(error.code).to.equal('ERR_LOG_INDEX');
      expect(error.place.path).to.equal(join(dir, one.logIndex, '000002.log'));
      expect(error.what).to.contain('damage inside').and.to.contain('needed: logs that are whole');
      expect(error.next).to.contain('--log-index keep');
      expectUntouched(dir, before);
      const kept = await planRollback({ ...options, logIndex: 'keep' });
      expect(kept.logIndex).to.include({ verdict: 'keep', reason: 'asked', step: null });
      const outcome = await applyPlan(kept);
      expect(outcome.notices.join()).to.contain('gives wrong logs').and.to.contain('Do not remove it');
      expect(
        treeDifferences(subtree(before, one.logIndex), subtree(treeOf(dir), one.logIndex)),
      ).to.deep.equal([]);
      removeTempDir(dir);
    });
  }

  it('covers all eight', () => expect(cases).to.have.length(8));
});
