/** With no record above the target there are no changes: late records are not cut behind the newest height. */
import { expect } from 'chai';
import { type PlanOptions, planRollback, type TablePlan, type TableSchema } from '../../../lib/index.ts';
import { heightsText } from '../../../lib/report/plan-heights-text.ts';
import { nothingToDo } from '../../../lib/report/plan-summary.ts';
import { blockRecord, type KeyedGroup, keyedTable, receipt } from '../../helpers/keyed-table.ts';
import { rejection } from '../../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../../helpers/tree.ts';

const [q, b, a] = (['q', 'b', 'a'] as const).map((kind) => (number: number) => blockRecord(kind, number)) as [
  (n: number) => KeyedGroup,
  (n: number) => KeyedGroup,
  (n: number) => KeyedGroup,
];

const blocks = (groups: readonly KeyedGroup[], watermark?: number): string =>
  keyedTable([{ groups: groups.slice(0, 2) }, { groups: groups.slice(2) }], {
    table: 'blocks',
    ...(watermark === undefined ? {} : { watermark }),
  });

async function planOf(root: string, height: number, more: Partial<PlanOptions> = {}): Promise<TablePlan[]> {
  const before = treeOf(root);
  const target = { kind: 'height', height: BigInt(height) } as const;
  const plan = await planRollback({ roots: [root], target, ...more });
  expectUntouched(root, before);
  return [...plan.tables];
}

/** Expects a plan that leaves one table as it is, with these heights. */
function expectNothing([table]: readonly TablePlan[], lastKept: string | null): void {
  expect(table).to.include({ outcome: 'nothing', removesKeymap: false });
  expect(table?.steps).to.deep.equal([]);
  expect(table?.removed.records).to.equal(0);
  expect(table?.heights).to.include({ lastKept, firstRemoved: null });
}

describe('planner/search: nothing above the target', () => {
  it('keeps app data behind the newest block, of whatever height', async () => {
    const root = blocks([q(10), b(10), a(9), b(11), a(10), q(12), a(12)]);
    for (const stragglers of ['refuse', 'keep', 'drop'] as const) {
      expectNothing(await planOf(root, 11, { stragglers }), '11');
      expectNothing(await planOf(root, 12, { stragglers }), '11');
    }
    const target = { kind: 'height', height: 11n } as const;
    const plan = await planRollback({ roots: [root], target });
    expect(nothingToDo(plan)).to.match(/^Nothing to do\. Newest record of blocks: AppQC 12/);
    const [below] = await planOf(root, 10);
    expect(below).to.include({ outcome: 'cut' });
  });

  it('is no matter of stragglers where those above are written late', async () => {
    const root = blocks([q(10), b(10), q(30), b(11), a(10)]);
    for (const stragglers of ['refuse', 'keep', 'drop'] as const)
      expectNothing(await planOf(root, 11, { stragglers }), '11');
  });

  it('but a block above it that lies further back is a straggler', async () => {
    const root = blocks([q(10), b(10), a(40), b(14), b(11), a(10)]);
    const target = { kind: 'height', height: 12n } as const;
    expect((await rejection(planRollback({ roots: [root], target }))).code).to.equal('ERR_STRAGGLERS');
    expectNothing(await planOf(root, 12, { stragglers: 'keep' }), '11');
    const [dropped] = await planOf(root, 12, { stragglers: 'drop' });
    expect(dropped?.kept.records, 'everything from the AppQC on goes').to.equal(3);
  });

  it('holds where no record tells where a height ends, whatever is said of tables without a match', async () => {
    const root = blocks([q(10), q(20), a(30)]);
    for (const onNoMatch of ['refuse', 'keep', 'delete'] as const) {
      const tables = await planOf(root, 15, { onNoMatch });
      expectNothing(tables, null);
      expect(tables[0]?.notices).to.deep.equal([]);
      expect(heightsText(tables[0]!).join()).to.contain('no record tells where a height ends');
    }
  });

  it('goes by what the engine serves', async () => {
    const root = blocks([b(10), b(11), q(11), a(10)], 1);
    expectNothing(await planOf(root, 10), null);
  });

  it('is told, and not refused, of a store that has no QC anyhow', async () => {
    const root = blocks([b(10), b(11), b(12)]);
    const tables = await planOf(root, 12);
    expectNothing(tables, '12');
    expect(tables[0]?.notices.join()).to.contain('Table blocks holds no QC record');
    const target = { kind: 'height', height: 11n } as const;
    expect((await rejection(planRollback({ roots: [root], target }))).code).to.equal('ERR_STORE_NEEDS');
  });

  it('keeps all parts of the newest height of receipts, and every one of a table that is behind', async () => {
    const root = keyedTable([{ groups: [receipt(11), receipt(12), receipt(12, 1)] }], { table: 'receipts' });
    expectNothing(await planOf(root, 12), '12');
    keyedTable([{ groups: [q(11), b(11), b(12), b(13), a(12)] }], { table: 'blocks', root });
    const [ofBlocks, ofReceipts] = await planOf(root, 12);
    expect(ofBlocks?.outcome).to.equal('cut');
    expectNothing([ofReceipts!], '12');
  });

  it('goes by what a schema of the caller says, with and without heights()', async () => {
    const root = keyedTable([{ groups: [receipt(10), receipt(11), receipt(12, 1)] }]);
    const late: TableSchema = {
      name: 'late',
      decode: (key, isPrimary) => {
        if (!isPrimary) return { height: null, kind: 'hash', label: 'hash' };
        const height = key.readBigUInt64BE(0);
        return { height, kind: 'vote', label: `vote ${height}`, decides: key.readUInt32BE(8) === 0 };
      },
    };
    const schemas = { t: late };
    expectNothing(await planOf(root, 11, { schemas }), '11');
    expect((await planOf(root, 10, { schemas }))[0]?.kept.records).to.equal(2);
  });
});
