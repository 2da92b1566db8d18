/** Resume and undo of the one rollback that is meant: every other one is refused and left as it is. */
import { expect } from 'chai';
import { applyPlan, planRollback, resumeRollback, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { apply, type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

const OTHER = '00000000-0000-4000-8000-000000000000';

describe('resume and undo by id', () => {
  const trials = Trials.forSuite('tail-with-hole');

  /** Refused, and not one file of the database or of the areas is another one. */
  async function expectRefused(trial: Trial, work: () => Promise<unknown>, words: RegExp): Promise<void> {
    const before = treeOf(trial.dir);
    const error = await rejection(work());
    expect(error.code).to.equal('ERR_TRANSACTION_UNKNOWN');
    expect(error.message).to.match(words);
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
  }

  it('undoes the newest rollback if it is meant, and never another one in its place', async () => {
    const trial = await trials.next();
    await applyPlan(trial.plan);
    const between = databaseTree(trial.dir);
    const second = await planRollback({ roots: trial.roots, target: { kind: 'drop-last', groups: 3 } });
    await applyPlan(second);
    await expectRefused(
      trial,
      () => undoRollback(trial.roots, { id: OTHER }),
      /newest rollback is .*, not 0000/,
    );
    await expectRefused(trial, () => undoRollback(trial.roots, { id: trial.plan.id }), /newest rollback is/);
    expect((await undoRollback(trial.roots, { id: second.id })).transaction).to.equal(second.id);
    expect(treeDifferences(between, databaseTree(trial.dir))).to.deep.equal([]);
    trial.end();
  });

  it('leaves an unfinished rollback alone that is not the one that is meant', async () => {
    for (const end of [resumeRollback, undoRollback]) {
      const trial = await trials.next();
      await trials.dieMidway(trial);
      expect((await rollbackStatus(trial.roots)).transactions[0]?.state).to.equal('unfinished');
      await expectRefused(
        trial,
        () => end(trial.roots, { id: OTHER }),
        /unfinished rollback is .*, not 0000/,
      );
      expect((await end(trial.roots, { id: trial.plan.id })).transaction).to.equal(trial.plan.id);
      trial.end();
    }
  });

  it('clears no trace away that another rollback has left', async () => {
    let traces = 0;
    for (let call = 1; call <= 60; call++) {
      const trial = await trials.next();
      await trial.run(apply, { crashAt: call });
      const report = await rollbackStatus(trial.roots);
      if (report.unfinished && report.transactions.every((t) => t.state !== 'unfinished')) {
        traces += 1;
        await expectRefused(
          trial,
          () => resumeRollback(trial.roots, { id: OTHER }),
          /has shut this database is/,
        );
        expect((await resumeRollback(trial.roots, { id: trial.plan.id })).action).to.equal('cleaned');
      }
      trial.end();
    }
    expect(traces, 'points at which fences alone are left').to.be.greaterThan(0);
  });
});
