/** Stragglers that are kept are told, with counts: in the plan, its text, the outcome, and what ends a resume. */
import { expect } from 'chai';
import { applyWith } from '../../../lib/apply/apply.ts';
import {
  applyPlan,
  type PlanOptions,
  planRollback,
  type RollbackPlan,
  resumeRollback,
} from '../../../lib/index.ts';
import { problemOfSummary } from '../../../lib/plan/consistency.ts';
import { digestOf } from '../../../lib/plan/digest.ts';
import { outcomeToText } from '../../../lib/report/outcome-text.ts';
import { planToText } from '../../../lib/report/plan-text.ts';
import { readDatabase } from '../../../lib/store/database.ts';
import { type DurableFs, realFs } from '../../../lib/store/durable-fs.ts';
import type { KeptAbove } from '../../../lib/types.ts';
import { blockRecord, type KeyedGroup, keyedTable, receipt, sealTime } from '../../helpers/keyed-table.ts';
import { rejection } from '../../helpers/refusals.ts';

const heights = (...all: number[]): { groups: KeyedGroup[] } => ({ groups: all.map((h) => receipt(h)) });

/** Heights 10 to 16, then 11 and 12, and 17 and 18 behind them in the same segment. */
const migrated = (): string =>
  keyedTable([heights(10, 14, 15, 16), heights(11, 12, 17, 18)], { table: 'receipts' });

const byHeight = (root: string, height: number, more: Partial<PlanOptions> = {}): Promise<RollbackPlan> =>
  planRollback({
    roots: [root],
    target: { kind: 'height', height: BigInt(height) },
    stragglers: 'keep',
    ...more,
  });

const SENTENCE = '6 records in 3 groups above the target (heights 14 to 16)';

describe('planner/search: what is kept above the target', () => {
  it('is told in the plan and its text', async () => {
    const plan = await byHeight(migrated(), 13);
    const [table] = plan.tables;
    expect(table?.keptAbove).to.deep.equal({ records: 6, groups: 3, lowest: '14', highest: '16' });
    expect(table?.heights).to.include({ lastKept: '12', firstRemoved: '17' });
    const text = planToText(plan);
    expect(text).to.match(new RegExp(`kept above +${SENTENCE.replace(/[()]/g, '.')}`));
    expect(text).to.contain('12 is the highest kept at or below the target, 17 the first removed');
    expect(text).not.to.contain('is the last kept');
  });

  it('is told in the outcome, as data and as text', async () => {
    const outcome = await applyPlan(await byHeight(migrated(), 13));
    expect(outcome.tables[0]?.keptAbove).to.include({ records: 6, groups: 3 });
    expect(outcome.notices).to.deep.equal([`table receipts keeps ${SENTENCE}`]);
    const text = outcomeToText(outcome, { roots: [], durationMs: 1 }, { width: 160 });
    expect(text).to.contain(SENTENCE).and.to.contain('height 12 is the highest kept at or below the target');
  });

  it('is told where a run that was killed is finished', async () => {
    const root = migrated();
    const plan = await byHeight(root, 13);
    // Dies at its first cut.
    let isCut = false;
    const fs = new Proxy(realFs, {
      get: (real, name: keyof DurableFs) => {
        isCut ||= name === 'truncate';
        if (isCut) throw new Error('killed');
        return real[name];
      },
    });
    await applyWith(fs, plan, [root]).catch(() => null);
    const { action, notices } = await resumeRollback([root]);
    expect([isCut, action]).to.deep.equal([true, 'finished']);
    expect(notices.join()).to.contain(SENTENCE);
  });

  it('is found with any size of blocks, and without the check of all that stays', async () => {
    const wide = [receipt(14)[0]!, ...Array.from({ length: 20 }, (_, i) => Buffer.alloc(32, i))];
    const groups = [receipt(10), wide, receipt(11), receipt(20)];
    const root = keyedTable([{ groups }, heights(12), heights(21)], { table: 'receipts' });
    for (const blockBytes of [64, 200, 1000, 100_000]) {
      for (const check of ['all', 'pivot'] as const) {
        const plan = await byHeight(root, 13, { blockBytes, check });
        expect(plan.tables[0]?.keptAbove, `${blockBytes} ${check}`).to.deep.equal({
          records: 23,
          groups: 2,
          lowest: '14',
          highest: '20',
        });
      }
    }
  });

  it('counts app data above the newest block, where nothing is removed', async () => {
    const groups = [
      blockRecord('q', 10, 1),
      blockRecord('q', 12, 2),
      blockRecord('b', 11),
      blockRecord('a', 13),
    ];
    const plan = await byHeight(keyedTable([{ groups }], { table: 'blocks' }), 11, { stragglers: 'refuse' });
    const [table] = plan.tables;
    expect(table?.steps).to.deep.equal([]);
    expect(table?.keptAbove).to.deep.equal({ records: 4, groups: 2, lowest: '12', highest: '13' });
    expect(planToText(plan)).to.contain('nothing to do: records above the target stay');
  });

  it('is left out where nothing is', async () => {
    const plan = await byHeight(keyedTable([heights(10, 11, 12)], { table: 'receipts' }), 11);
    expect(plan.tables[0]).not.to.have.property('keptAbove');
    expect((await applyPlan(plan)).tables[0]).not.to.have.property('keptAbove');
  });

  it('is told of a target by time too', async () => {
    const late = (i: number, ...all: number[]) => ({ ...heights(...all), sealedAt: sealTime(i) });
    const segments = [heights(1), late(9, 2, 3), late(8, 4), late(2, 5), late(10, 6)];
    const root = keyedTable(segments, { table: 'receipts' });
    const target = { kind: 'before', time: sealTime(2) } as const;
    const plan = await planRollback({ roots: [root], target, stragglers: 'keep' });
    expect(plan.tables[0]?.kept.records).to.equal(10);
    expect(plan.tables[0]?.keptAbove).to.deep.equal({
      records: 6,
      groups: 3,
      lowest: '2025-06-15T15:14:40Z',
      highest: '2025-06-15T15:15:40Z',
    });
    expect(planToText(plan, { width: 160 })).to.contain(
      '6 records in 3 groups above the target (sealed 2025-06-15T15:14:40Z to 2025-06-15T15:15:40Z)',
    );
    await applyPlan(plan);
  });

  it('cannot be edited into something that contradicts the rest of the plan', async () => {
    const root = migrated();
    const plan = await byHeight(root, 13);
    const [read] = readDatabase(realFs, [root]).tables;
    const [table] = plan.tables;
    expect(problemOfSummary(table!, read!)).to.equal(null);
    for (const change of [
      { records: 1000 },
      { groups: 0 },
      { groups: 7 },
      { lowest: '13' },
      { lowest: '17' },
      { highest: 'x' },
      { highest: '2025-06-15T15:14:40Z' },
    ] satisfies Partial<KeptAbove>[]) {
      const keptAbove = { ...table!.keptAbove!, ...change };
      const tables = [{ ...table!, keptAbove }];
      expect((await rejection(applyPlan({ ...plan, tables }))).code, 'digest').to.equal('ERR_PLAN_INVALID');
      const error = await rejection(applyPlan({ ...plan, tables, digest: digestOf({ ...plan, tables }) }));
      expect(error.message, JSON.stringify(change)).to.contain('kept above the target');
    }
  });
});
