/** What plain JavaScript may pass to the public calls: known by its name, of the right sort, or refused with a type. */
import { expect } from 'chai';
import * as api from '../../lib/index.ts';
import { nearestName } from '../../lib/nearest.ts';
import { keyedTable, receipt, sealTime } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const table = (): string =>
  keyedTable([{ groups: [receipt(10), receipt(11)] }, { groups: [receipt(12), receipt(13)] }], {
    table: 'receipts',
  });

const height = { kind: 'height', height: 11n } as const;

/** The public calls as plain JavaScript knows them. */
const js = api as unknown as Record<string, (...args: unknown[]) => unknown>;

const call = (name: string, ...args: unknown[]): Promise<api.RollbackError> =>
  rejection(Promise.resolve().then(() => js[name]!(...args)));

const records = async (root: string, options: unknown): Promise<void> => {
  const database = await api.openDatabase([root]);
  for await (const _ of database.records('receipts', options as api.RecordsOptions));
};

describe('input/options: an option that a call does not have', () => {
  for (const [name, wrong, right] of [
    ['planRollback', { target: height, table: 'receipts' }, 'tables'],
    ['planRollback', { target: height, onNomatch: 'keep' }, 'onNoMatch'],
    ['planRollback', { target: height, maxremove: { records: 1 } }, 'maxRemove'],
  ] as const) {
    it(`${name}: ${Object.keys(wrong)[1]} is refused, and ${right} named`, async () => {
      const root = table();
      const before = treeOf(root);
      const error = await call(name, { roots: [root], ...wrong });
      expect(error.code).to.equal('ERR_USAGE');
      expect(error.what).to.equal(`${name} has no option ${Object.keys(wrong)[1]}`);
      expect(error.next).to.contain(`Did you mean ${right}?`).and.to.contain('acceptDamage');
      expectUntouched(root, before);
    });
  }

  for (const [name, wrong, right] of [
    ['resumeRollback', 'forceUnlocked', 'forceUnlock'],
    ['undoRollback', 'snapshotdir', 'snapshotDir'],
    ['purgeUndo', 'ids', 'id'],
    ['planPurge', 'ids', 'id'],
    ['rollbackStatus', 'snapshotdir', 'snapshotDir'],
    ['verifyDatabase', 'table', 'tables'],
    ['openDatabase', 'group', 'groups'],
  ] as const) {
    it(`${name}: ${wrong} is refused, and ${right} named`, async () => {
      const root = table();
      const before = treeOf(root);
      const error = await call(name, [root], { [wrong]: 'x' });
      expect(error.message).to.contain(`has no option ${wrong}`).and.to.contain(`Did you mean ${right}?`);
      expectUntouched(root, before);
    });
  }

  it('applyPlan, rollbackLittDB, records', async () => {
    const root = table();
    const plan = await api.planRollback({ roots: [root], target: height });
    const before = treeOf(root);
    for (const error of [
      await call('applyPlan', plan, { keepundo: false }),
      await call('rollbackLittDB', [root], () => true, { keepUndos: false }),
    ]) {
      expect(error.code).to.equal('ERR_USAGE');
      expect(error.next).to.contain('Did you mean keepUndo?');
    }
    const error = await rejection(records(root, { fromheight: 1n }));
    expect(error.next).to.contain('Did you mean fromHeight?');
    expectUntouched(root, before);
  });

  it('options where there are none', async () => {
    const root = table();
    expect((await call('readPlanFile', '/p', { force: true })).what).to.contain(
      'takes no options, got force',
    );
    expect((await call('lockDatabase', [root], { snapshotDir: '/s' })).what).to.contain(
      'snapshotDir must be',
    );
    // As `paths.map(readPlanFile)` calls it.
    expect((await call('readPlanFile', '/no/such/file', 0, [])).code).to.equal('ERR_IO');
  });

  it('in a target or a limit, and a kind that there is not', async () => {
    const root = table();
    const refused = (options: object) => call('planRollback', { roots: [root], ...options });
    const misspelt = await refused({ target: { kind: 'height', heigth: 11n } });
    expect(misspelt.message).to.contain('has no field heigth').and.to.contain('Did you mean height?');
    const kind = await refused({ target: { kind: 'hieght', height: 11n } });
    expect(kind.message).to.contain('no target of kind hieght').and.to.contain('Did you mean height?');
    const limit = await refused({ target: height, maxRemove: { percents: 5 } });
    expect(limit.message).to.contain('no field percents').and.to.contain('Did you mean percent?');
    const both = await refused({ target: height, maxRemove: { percent: 5, records: 1 } });
    expect(both.message).to.contain('not both');
  });
});

describe('input/options: heights and times in every form', () => {
  it('heights are bigints or safe integers', async () => {
    const root = table();
    const kept = async (value: bigint | number) => {
      const target = { kind: 'height', height: value } as const;
      return (await api.planRollback({ roots: [root], target })).tables[0]!.kept.records;
    };
    expect([await kept(11n), await kept(11), await kept(12)]).to.deep.equal([4, 4, 6]);
    const database = await api.openDatabase([root]);
    const read: string[] = [];
    for await (const { key } of database.records('receipts', { fromHeight: 11, toHeight: 12n }))
      if (key.length === 12) read.push(String(key.readBigUInt64BE(0)));
    expect(read).to.deep.equal(['11', '12']);
  });

  it('times are Dates, RFC 3339 texts or nanoseconds', async () => {
    const root = table();
    const nanoseconds = sealTime(0);
    const date = new Date(Number(nanoseconds / 1_000_000n));
    for (const time of [nanoseconds, date, date.toISOString(), '2025-06-15T17:06:40+02:00']) {
      const plan = await api.planRollback({ roots: [root], target: { kind: 'before', time } });
      expect(plan.target, String(time)).to.equal('segments sealed by 2025-06-15T15:06:40Z');
      expect(plan.tables[0]?.kept.records).to.equal(4);
    }
  });
});

describe('input/options: a table in which nothing matches', () => {
  it('is refused by default, whatever the target', async () => {
    const root = table();
    for (const target of [
      { kind: 'key', key: Buffer.from('none') },
      { kind: 'keys', keys: {} },
      { kind: 'filter', filter: () => false },
      { kind: 'drop-last', groups: 99 },
    ] as const) {
      const error = await rejection(api.planRollback({ roots: [root], target }));
      expect(error.code, target.kind).to.equal('ERR_NO_MATCH');
      const kept = await api.planRollback({ roots: [root], target, onNoMatch: 'keep' });
      expect(kept.tables[0]?.outcome).to.equal('keep');
    }
  });

  it('is kept by rollbackLittDB, as the Go function does', async () => {
    const outcome = await api.rollbackLittDB([table()], () => false);
    expect(outcome.tables[0]?.outcome).to.equal('keep');
  });
});

describe('nearest names', () => {
  it('are found through capitals, signs, one letter too many or too few, and two that were exchanged', () => {
    const names = ['onNoMatch', 'stragglers', 'tables', 'target'];
    const found = ['onnomatch', 'on-no-match', 'straglers', 'table', 'tabels', 'trget', 'snapshots', ''];
    expect(found.map((name) => nearestName(name, names))).to.deep.equal([
      'onNoMatch',
      'onNoMatch',
      'stragglers',
      'tables',
      'tables',
      'target',
      null,
      null,
    ]);
  });
});
