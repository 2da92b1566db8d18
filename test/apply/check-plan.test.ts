/** A plan that was edited, and its digest made right: what follows from where it stops must all be there. */
import { expect } from 'chai';
import { applyPlan, type RollbackPlan } from '../../lib/index.ts';
import { digestOf } from '../../lib/plan/digest.ts';
import type { Step } from '../../lib/types.ts';
import { type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

/** A plan without one step, its digest right. */
function without(plan: RollbackPlan, left: Step): RollbackPlan {
  const tables = plan.tables.map((t) => ({ ...t, steps: t.steps.filter((s) => s !== left) }));
  return { ...plan, tables, digest: digestOf({ ...plan, tables }) };
}

async function expectRefused(trial: Trial, left: Step): Promise<void> {
  const before = treeOf(trial.dir);
  const error = await rejection(applyPlan(without(trial.plan, left)));
  expect(error.code, left.file.path).to.equal('ERR_PLAN_INVALID');
  expect(treeDifferences(before, treeOf(trial.dir)), left.file.path).to.deep.equal([]);
}

describe('apply/check-plan', () => {
  const trials = Trials.forSuite('snapshots');

  it('misses each link of a snapshot that a plan leaves out: undo would take it for a newer one', async () => {
    const trial = await trials.next();
    const links = trial.plan.tables.flatMap((t) =>
      t.steps.filter((s) => s.op === 'remove-file' && s.reason === 'snapshot'),
    );
    expect(links.length).to.be.greaterThan(2);
    for (const link of links) await expectRefused(trial, link);
    trial.end();
  });
});
