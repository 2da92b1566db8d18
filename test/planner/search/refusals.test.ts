/** What targets by height and time refuse: each text says what was found, why it matters, and what to do. */
import { expect } from 'chai';
import { type PlanOptions, planRollback, type RollbackError } from '../../../lib/index.ts';
import { blockRecord, type KeyedGroup, keyedTable, receipt, sealTime } from '../../helpers/keyed-table.ts';
import { rejection } from '../../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../../helpers/tree.ts';

const heights = (...all: number[]): { groups: KeyedGroup[] } => ({ groups: all.map((h) => receipt(h)) });

const byHeight = (root: string, height: bigint, more: Partial<PlanOptions> = {}): PlanOptions => ({
  roots: [root],
  target: { kind: 'height', height },
  ...more,
});

/** The refusal, which leaves everything untouched and says three things. */
async function refusal(options: PlanOptions): Promise<RollbackError> {
  const root = options.roots[0]!;
  const before = treeOf(root);
  const error = await rejection(planRollback(options));
  expectUntouched(root, before);
  expect(error.what, 'what was found').to.match(/\w/);
  expect(error.why, 'why it matters').to.match(/\w/);
  expect(error.next, 'what to do').to.match(/\w/);
  return error;
}

describe('planner/search: what is refused', () => {
  it('a height below everything, with the heights that are possible', async () => {
    const root = keyedTable([heights(10, 11), heights(12)], { table: 'receipts' });
    const error = await refusal(byHeight(root, 9n));
    expect(error.code).to.equal('ERR_HEIGHT_UNREACHABLE');
    expect(error.what).to.contain('9').and.to.contain('10');
    expect(error.next).to.contain('from 10 to 12').and.to.contain('--on-no-match');
  });

  it('but it keeps or empties such a table when that was said', async () => {
    const root = keyedTable([heights(10, 11)], { table: 'receipts' });
    const outcome = async (onNoMatch: 'keep' | 'delete') =>
      (await planRollback(byHeight(root, 9n, { onNoMatch }))).tables[0]!.outcome;
    expect(await outcome('keep')).to.equal('keep');
    expect(await outcome('delete')).to.equal('delete');
  });

  it('a height below the watermark, with the heights that can be read', async () => {
    const root = keyedTable([heights(10, 11), heights(12, 13), heights(15)], {
      table: 'receipts',
      watermark: 1,
    });
    const error = await refusal(byHeight(root, 11n));
    expect(error.code).to.equal('ERR_BELOW_WATERMARK');
    expect(error.next).to.contain('from 12 to 15');
    expect(error.place).to.include({ table: 'receipts', segment: 0 });
    const plan = await planRollback(byHeight(root, 12n));
    expect(plan.tables[0]?.heights).to.include({ lastKept: '12', firstRemoved: '13' });
  });

  it('stragglers, with a count and an example', async () => {
    const root = keyedTable([heights(10, 14, 15), heights(11)], { table: 'receipts' });
    const error = await refusal(byHeight(root, 12n));
    expect(error.code).to.equal('ERR_STRAGGLERS');
    expect(error.what).to.contain('2 records').and.to.contain('heights 14 to 15').and.to.contain('part 0');
    expect(error.next).to.contain('--stragglers keep').and.to.contain('--stragglers drop');
    expect(error.place).to.include({ table: 'receipts', segment: 0 });
  });

  it('numbers that a kept QC covers are not stragglers, a QC above the height is one', async () => {
    const groups = [blockRecord('q', 10, 5), blockRecord('b', 10), blockRecord('b', 11)];
    const fine = keyedTable([{ groups: [...groups, blockRecord('b', 12)] }], { table: 'blocks' });
    expect((await planRollback(byHeight(fine, 11n))).tables[0]?.outcome).to.equal('cut');
    const ahead = [...groups.slice(0, 2), blockRecord('q', 30), groups[2]!, blockRecord('b', 12)];
    const root = keyedTable([{ groups: ahead }], { table: 'blocks' });
    const error = await refusal(byHeight(root, 11n));
    expect(error.code).to.equal('ERR_STRAGGLERS');
    expect(error.what).to.contain('1 record above').and.to.contain('QC 30');
  });

  it('to drop stragglers when nothing would be left', async () => {
    const root = keyedTable([heights(14, 10, 15)], { table: 'receipts' });
    const error = await refusal(byHeight(root, 12n, { stragglers: 'drop' }));
    expect(error.code).to.equal('ERR_HEIGHT_UNREACHABLE');
    expect(error.next).to.contain('--stragglers keep');
  });

  it('tables without a schema, all of them at once', async () => {
    const root = keyedTable([heights(10)], { table: 'receipts' });
    keyedTable([heights(10)], { table: 'one', root });
    keyedTable([heights(10)], { table: 'two', root });
    const error = await refusal(byHeight(root, 10n));
    expect(error.code).to.equal('ERR_SCHEMA_UNKNOWN');
    expect(error.what).to.contain('one, two');
    expect(error.next).to.contain('--table receipts').and.to.contain('--schema one=');
    const limited = await planRollback(byHeight(root, 10n, { tables: ['receipts'] }));
    expect(limited.tables.map((t) => t.outcome)).to.deep.equal(['nothing']);
  });

  it('a schema for a table that is not there', async () => {
    const root = keyedTable([heights(10)], { table: 'receipts' });
    const schema = { name: 'mine', decode: () => null };
    const error = await refusal(byHeight(root, 10n, { schemas: { reciepts: schema } }));
    expect(error.code).to.equal('ERR_TABLE_UNKNOWN');
    expect(error.what).to.contain('reciepts');
  });

  for (const [where, groups, target] of [
    ['the oldest record', [[Buffer.from('odd')], receipt(11), receipt(12)], 12n],
    ['a record on the way', [receipt(10), [Buffer.from('odd')], receipt(12)], 10n],
    ['a record that would stay', [receipt(10), [Buffer.from('odd')], receipt(12)], 12n],
    ['a secondary', [receipt(10), [receipt(11)[0]!, Buffer.from('odd')], receipt(12)], 10n],
  ] as [string, KeyedGroup[], bigint][]) {
    it(`a key that does not fit the schema: ${where}`, async () => {
      const root = keyedTable([{ groups }], { table: 'receipts' });
      const error = await refusal(byHeight(root, target));
      expect(error.code).to.equal('ERR_SCHEMA_MISFIT');
      expect(error.what).to.contain('6f6464');
      expect(error.place.path).to.match(/0\.keys$/);
      expect(error.place.offset).to.be.a('number');
    });
  }

  it('a schema that throws, or gives nonsense', async () => {
    const root = keyedTable([heights(10)]);
    const decode = (): never => {
      throw new Error('no idea');
    };
    const error = await rejection(
      planRollback(byHeight(root, 10n, { schemas: { t: { name: 'mine', decode } } })),
    );
    expect(error.code).to.equal('ERR_SCHEMA_FAILED');
  });

  it('a cut that leaves a store of blocks without any QC it could read', async () => {
    const segments = [
      { groups: [blockRecord('q', 10, 9), blockRecord('b', 10)] },
      { groups: [blockRecord('b', 11), blockRecord('b', 12), blockRecord('q', 20)] },
    ];
    const whole = keyedTable(segments, { table: 'blocks' });
    expect((await planRollback(byHeight(whole, 11n))).tables[0]?.outcome).to.equal('cut');
    const collected = keyedTable(segments, { table: 'blocks', watermark: 1 });
    const error = await refusal(byHeight(collected, 11n));
    expect(error.code).to.equal('ERR_STORE_NEEDS');
    expect(error.what).to.contain('QC');
    const byKey = await planRollback({
      roots: [collected],
      target: { kind: 'key', key: blockRecord('b', 11)[0]! },
    });
    expect(byKey.tables[0]?.notices.join(), 'only told for other targets').to.contain('no QC');
  });

  it('warns when the store would serve nothing', async () => {
    const groups = [blockRecord('b', 10), blockRecord('q', 12), blockRecord('b', 11), blockRecord('b', 12)];
    const root = keyedTable([{ groups }], { table: 'blocks' });
    const plan = await planRollback(byHeight(root, 11n, { stragglers: 'keep' }));
    expect(plan.tables[0]?.notices.join()).to.contain('would serve nothing');
    const late = [blockRecord('q', 1), blockRecord('q', 9), blockRecord('b', 5), blockRecord('b', 6)];
    const old = keyedTable([{ groups: late }], { table: 'blocks' });
    const dropped = await planRollback(byHeight(old, 5n, { stragglers: 'drop' }));
    expect(dropped.tables[0]?.notices.join()).to.contain('no height is kept');
  });

  it('a time before everything, with the earliest possible one', async () => {
    const root = keyedTable([heights(1), heights(2)]);
    const target = { kind: 'before', time: sealTime(0) - 1n } as const;
    const error = await refusal({ roots: [root], target });
    expect(error.code).to.equal('ERR_TIME_UNREACHABLE');
    expect(error.next).to.contain('2025-06-15T15:06:40Z');
  });

  it('seal times out of order', async () => {
    const early = { ...heights(3), sealedAt: sealTime(1) };
    const root = keyedTable([heights(1), { ...heights(2), sealedAt: sealTime(9) }, early, heights(4)]);
    const target = { kind: 'before', time: sealTime(2) } as const;
    const error = await refusal({ roots: [root], target });
    expect(error.code).to.equal('ERR_STRAGGLERS');
    expect(error.what).to.contain('segment 1');
    const kept = async (stragglers: 'keep' | 'drop') =>
      (await planRollback({ roots: [root], target, stragglers })).tables[0]!.kept.records;
    expect(await kept('keep')).to.equal(6);
    expect(await kept('drop')).to.equal(2);
  });

  for (const [what, target] of [
    ['a height that is not a u64', { kind: 'height', height: 2n ** 64n }],
    ['a height below 0', { kind: 'height', height: -1n }],
    ['a height as a text', { kind: 'height', height: '7' }],
    ['half a height', { kind: 'height', height: 7.5 }],
    ['a time as a number', { kind: 'before', time: 1_750_000_000 }],
    ['a time in other words', { kind: 'before', time: '2025-01-01' }],
    ['half a group', { kind: 'keep-first', groups: 0.5 }],
  ] as const) {
    it(`${what}, as a mistake in the call`, async () => {
      const root = keyedTable([heights(1)], { table: 'receipts' });
      const error = await rejection(planRollback({ roots: [root], target: target as never }));
      expect(error.code).to.equal('ERR_USAGE');
    });
  }
});
