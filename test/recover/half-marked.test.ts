/** An undo that died between its last marks, and whose recovery dies between the areas that it discards. */
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { planRollback, resumeRollback, rollbackStatus } from '../../lib/index.ts';
import { undoOpen, undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree, planOptions, unpackNamed } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

/** The machine's file system, on which the second rename to such a name fails, and every one after it. */
function dyingAtSecond(target: RegExp): DurableFs {
  let met = 0;
  return {
    ...realFs,
    rename(from, to) {
      if (target.test(to) && ++met > 1) throw Object.assign(new Error('the power is gone'), { code: 'EIO' });
      realFs.rename(from, to);
    },
  };
}

describe('an undo that is over, but not marked so in every root', () => {
  it('is ended by resume although its recovery has died as well', async () => {
    const unpacked = unpackNamed('many-roots');
    const plan = await planRollback(planOptions(unpacked));
    const before = databaseTree(unpacked.dir);
    const { roots } = plan;
    await applyWith(realFs, plan, roots);
    await rejection(Promise.resolve(undoWith(dyingAtSecond(/\/undone$/), roots, roots)));
    await rejection(undoOpen(dyingAtSecond(/\/trash-[^/]+$/), roots));
    expect((await resumeRollback(roots)).action).to.equal('taken-back');
    expect(treeDifferences(before, databaseTree(unpacked.dir))).to.deep.equal([]);
    const { transactions, traces } = await rollbackStatus(roots);
    expect([transactions, traces]).to.deep.equal([[], []]);
  });
});
