/** Which of several rollbacks is the newest: by their numbers, whatever the clock has said. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeChecksummed, encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { purgeUndo, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { apply, replanned, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

/** Rewrites the documents of a finished rollback. */
function edit(trial: Trial, change: (document: Record<string, unknown>) => object): void {
  for (const area of trial.areas) {
    const path = join(area, 'undo.json');
    writeFileSync(
      path,
      encodeChecksummed(change(decodeChecksummed(readFileSync(path)) as Record<string, unknown>)),
    );
  }
}

/** Two rollbacks, one after the other, the clock set back by `seconds` in between. */
async function two(trials: Trials, seconds: number): Promise<[Trial, Trial]> {
  const first = await trials.next();
  await run(apply, first);
  edit(first, (d) => ({
    ...d,
    begunAt: new Date(Date.parse(String(d['begunAt'])) + seconds * 1000).toISOString(),
  }));
  const second = await replanned(first);
  await run(apply, second);
  return [first, second];
}

describe('the order of rollbacks', () => {
  const trials = Trials.forSuite('many-roots');

  it('is not that of the clock: undo takes the newer one back, then the older one', async () => {
    const [first, second] = await two(trials, 5);
    expect((await undoRollback(second.roots)).transaction).to.equal(second.plan.id);
    expect((await undoRollback(second.roots)).transaction).to.equal(first.plan.id);
    expect(treeDifferences(first.before, databaseTree(first.dir))).to.deep.equal([]);
    first.end();
  });

  it('is not that of the clock: a purge of the older one leaves the newer one', async () => {
    const [first, second] = await two(trials, 3600);
    expect((await purgeUndo(first.roots, { id: first.plan.id })).purged).to.deep.equal([first.plan.id]);
    expect((await rollbackStatus(first.roots)).transactions.map((t) => t.id)).to.deep.equal([second.plan.id]);
    first.end();
  });

  it('is that of the clock among rollbacks of an older version, which come before all with a number', async () => {
    const [first, second] = await two(trials, -5);
    for (const trial of [first, second]) edit(trial, ({ sequence: _, ...rest }) => rest);
    const third = await replanned(second);
    await run(apply, third);
    const ids = (await rollbackStatus(third.roots)).transactions.map((t) => t.id);
    expect(ids).to.deep.equal([third.plan.id, second.plan.id, first.plan.id]);
    first.end();
  });
});
