/** Targets by seal time and by a number of groups, against naive readings of the rules. */
import { expect } from 'chai';
import fc from 'fast-check';
import { planRollback, type Target } from '../../../lib/index.ts';
import { runs } from '../../helpers/arbitraries.ts';
import { type KeyedSegment, keyedTable, receipt, sealTime } from '../../helpers/keyed-table.ts';
import { rejection } from '../../helpers/refusals.ts';
import { removeTempDir } from '../../helpers/temp.ts';

interface Layout {
  readonly sizes: readonly number[];
  readonly times: readonly number[];
  readonly open: boolean;
  readonly watermark: number | null;
}

const layout: fc.Arbitrary<Layout> = fc.record({
  sizes: fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
  times: fc.array(fc.nat(9), { minLength: 6, maxLength: 6 }),
  open: fc.boolean(),
  watermark: fc.option(fc.nat(3)),
});

/** Segments with their seal times (null: open); those below the watermark are dead. */
function segmentsOf({ sizes, times, open }: Layout): KeyedSegment[] {
  let height = 0;
  return sizes.map((size, i) => ({
    groups: Array.from({ length: size }, () => receipt(++height)),
    sealedAt: open && i === sizes.length - 1 ? null : sealTime(times[i]!),
  }));
}

/** Groups that stay, over the whole chain; or the code of the refusal. */
async function groupsKept(shape: Layout, target: Target): Promise<number | string> {
  const root = keyedTable(segmentsOf(shape), liveWatermark(shape));
  const result = await planRollback({ roots: [root], target }).then(
    (plan) => plan.tables[0]!.kept.records / 2,
    (error: { code?: string }) => error.code ?? String(error),
  );
  removeTempDir(root);
  return result;
}

const liveWatermark = ({ watermark, sizes }: Layout): { watermark?: number } =>
  watermark === null || watermark >= sizes.length ? {} : { watermark };

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('planner/search: other targets', function () {
  this.timeout(120_000);

  it('before: whole segments, as their seal times say', async () => {
    const counts = new Map<string, number>();
    const property = fc.asyncProperty(layout, fc.integer({ min: -1, max: 10 }), async (shape, at) => {
      const time = sealTime(at);
      const from = liveWatermark(shape).watermark ?? 0;
      const timed = shape.sizes
        .map((size, i) => ({ i, size, time: segmentsOf(shape)[i]!.sealedAt ?? 2n ** 63n }))
        .filter((s) => s.i >= from && s.size > 0);
      const last = timed.findLast((s) => s.time <= time);
      let expected: number | string;
      if (timed.length === 0) expected = sum(shape.sizes);
      else if (last === undefined) expected = 'ERR_TIME_UNREACHABLE';
      else if (timed.some((s) => s.i < last.i && s.time > time)) expected = 'ERR_STRAGGLERS';
      else expected = sum(shape.sizes.slice(0, last.i + 1));
      const name = typeof expected === 'string' ? expected : 'ok';
      counts.set(name, (counts.get(name) ?? 0) + 1);
      expect(await groupsKept(shape, { kind: 'before', time })).to.equal(expected);
    });
    await fc.assert(property, runs(200));
    if (runs(200).numRuns >= 200) expect([...counts.keys()]).to.have.length(3);
  });

  it('before: a time later than now keeps the open segment too', async () => {
    const shape = { sizes: [2, 3], times: [0, 1], open: true, watermark: null };
    const now = BigInt(Date.now()) * 1_000_000n;
    expect(await groupsKept(shape, { kind: 'before', time: now + 10n ** 15n })).to.equal(5);
    expect(await groupsKept(shape, { kind: 'before', time: now - 10n ** 15n })).to.equal(2);
  });

  it('before: says which times lead to the same cut', async () => {
    const root = keyedTable([0, 1, 2].map((h) => ({ groups: [receipt(h)] })));
    const plan = await planRollback({ roots: [root], target: { kind: 'before', time: sealTime(1) } });
    expect(plan.target).to.contain('2025-06-15T15:07:40Z');
    const [notice] = plan.tables[0]!.notices;
    expect(notice).to.contain('segment 1, sealed 2025-06-15T15:07:40Z, stays');
    expect(notice).to.contain('segment 2, sealed 2025-06-15T15:08:40Z, goes');
  });

  it('keep-first: the oldest groups that can be read', async () => {
    const property = fc.asyncProperty(layout, fc.nat(20), async (shape, groups) => {
      const from = liveWatermark(shape).watermark ?? 0;
      const dead = sum(shape.sizes.slice(0, from));
      const live = sum(shape.sizes) - dead;
      const kept = await groupsKept(shape, { kind: 'keep-first', groups });
      if (groups === 0 && live > 0) expect(kept).to.equal('ERR_NO_MATCH');
      else expect(kept).to.equal(dead + Math.min(groups, live));
    });
    await fc.assert(property, runs(200));
  });

  it('drop-last of as many groups as there are says that there are no more', async () => {
    const root = keyedTable([{ groups: [receipt(1), receipt(2)] }]);
    const of = (groups: number) => ({ roots: [root], target: { kind: 'drop-last', groups } as const });
    expect((await planRollback({ ...of(1), onNoMatch: 'refuse' })).tables[0]?.kept.records).to.equal(2);
    const refused = await rejection(planRollback({ ...of(2), onNoMatch: 'refuse' }));
    expect(refused).to.include({ code: 'ERR_NO_MATCH' });
    expect(refused.message).to.contain('no more than 2 groups');
  });

  it('keep-first 0 empties a table only when that was said', async () => {
    const root = keyedTable([{ groups: [receipt(1)] }]);
    const target = { kind: 'keep-first', groups: 0 } as const;
    expect((await rejection(planRollback({ roots: [root], target }))).code).to.equal('ERR_NO_MATCH');
    const plan = await planRollback({ roots: [root], target, onNoMatch: 'delete' });
    expect(plan.tables[0]?.outcome).to.equal('delete');
  });

  it('an empty table is fine with any height and any time', async () => {
    const root = keyedTable([{ groups: [] }], { table: 'receipts' });
    for (const target of [
      { kind: 'height', height: 7n },
      { kind: 'before', time: 7n },
      { kind: 'keep-first', groups: 7 },
    ] as const) {
      const [table] = (await planRollback({ roots: [root], target })).tables;
      expect(table?.steps, target.kind).to.deep.equal([]);
      expect(table?.notices.join()).to.contain('no record that the engine serves');
    }
  });
});
