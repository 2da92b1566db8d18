/** A plan that was edited, and its digest made right: what follows from where it stops must all be there. */
import { expect } from 'chai';
import { decodeMetadata, encodeMetadata } from '../../lib/format/metadata.ts';
import { applyPlan, type RollbackError, type RollbackPlan } from '../../lib/index.ts';
import { digestOf } from '../../lib/plan/digest.ts';
import type { Step } from '../../lib/types.ts';
import { type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

/** A plan with other steps in one's place, its digest right. */
function edited(plan: RollbackPlan, step: Step, ...others: readonly Step[]): RollbackPlan {
  const tables = plan.tables.map((t) => ({
    ...t,
    steps: t.steps.flatMap((s) => (s === step ? others : [s])),
  }));
  return { ...plan, tables, digest: digestOf({ ...plan, tables }) };
}

async function expectRefused(trial: Trial, step: Step, ...others: readonly Step[]): Promise<RollbackError> {
  const before = treeOf(trial.dir);
  const error = await rejection(applyPlan(edited(trial.plan, step, ...others)));
  expect(error.code, step.file.path).to.equal('ERR_PLAN_INVALID');
  expect(treeDifferences(before, treeOf(trial.dir)), step.file.path).to.deep.equal([]);
  return error;
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

  it('refuses metadata of another version, number of shards or compression: an older engine opens no newer one', async () => {
    const trial = await trials.next();
    const step = trial.plan.tables
      .flatMap((t) => t.steps)
      .find((s) => s.op === 'replace-file' && s.reason === 'metadata');
    if (step?.op !== 'replace-file') throw new Error('no metadata is rewritten');
    const after = decodeMetadata(Buffer.from(step.after, 'hex'));
    const other = after.version === 3 ? 4 : 3;
    for (const [change, what] of [
      [{ version: other, compression: 0 }, 'version'],
      [{ shardingFactor: after.shardingFactor + 1 }, 'number of shards'],
      [
        { version: 4, compression: after.compression === 0 ? 1 : 0 },
        after.version === 4 ? 'compression' : 'version',
      ],
    ] as const) {
      const forged = encodeMetadata({ ...after, ...change }).toString('hex');
      const error = await expectRefused(trial, step, { ...step, after: forged });
      expect(error.message).to.contain(`it changes the ${what} of ${step.file.path}`);
    }
    trial.end();
  });
});
