/** Records within limits of height, against a naive reading of the same groups. */
import { expect } from 'chai';
import fc from 'fast-check';
import { openDatabase, type TableSchema } from '../../lib/index.ts';
import { runs } from '../helpers/arbitraries.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import {
  BASE,
  cutGroups,
  keysOfGroup,
  segmentsOfGroups,
  type WrittenKind,
  writtenGroups,
} from '../helpers/written.ts';

const limit = fc.option(
  fc.integer({ min: 0, max: 45 }).map((n) => BASE + BigInt(n)),
  { nil: undefined },
);

const scenario = (kinds: readonly WrittenKind[]) =>
  fc.record({
    groups: writtenGroups(kinds, 9),
    cuts: fc.array(fc.nat(40), { maxLength: 4 }),
    open: fc.boolean(),
    from: limit,
    to: limit,
    reverse: fc.boolean(),
    blockBytes: fc.integer({ min: 20, max: 2000 }),
  });

/** Receipts without the batch form: a user's schema may have none. */
const plain: TableSchema = {
  name: 'plain',
  decode(key, isPrimary) {
    if (!isPrimary) return { height: null, kind: 'hash', label: 'hash' };
    return key.length === 12 ? { height: key.readBigUInt64BE(0), kind: 'r', label: 'r' } : null;
  },
};

describe('read: records by height', function () {
  this.timeout(300_000);

  for (const [table, kinds, schemas] of [
    ['receipts', ['r', 'r', 'r', 'x'], undefined],
    ['blocks', ['q', 'b', 'b', 'a', 'p', 'x'], undefined],
    ['mine', ['r', 'r', 'x'], { mine: plain }],
  ] as const) {
    it(`${table}: whole groups within the limits, in either direction, in blocks of any size`, async () => {
      let [some, none, left] = [0, 0, 0];
      const property = fc.asyncProperty(scenario(kinds), async (chosen) => {
        const { groups, from, to, reverse, blockBytes } = chosen;
        const root = keyedTable(segmentsOfGroups(cutGroups(groups, chosen.cuts), chosen.open), { table });
        const isLimited = from !== undefined || to !== undefined;
        const within = groups.filter(
          (g) =>
            !isLimited ||
            (g.kind !== 'x' &&
              (from === undefined || g.height >= from) &&
              (to === undefined || g.height <= to)),
        );
        const expected = within.flatMap((g) => keysOfGroup(g).map((key) => key.toString('hex')));
        if (reverse) expected.reverse();
        let misfits = 0;
        const reader = await openDatabase([root]);
        const limits = { fromHeight: from, toHeight: to, schemas, onMisfits: (n: number) => (misfits = n) };
        const got: string[] = [];
        for await (const r of reader.records(table, { reverse, blockBytes, ...limits }))
          got.push(r.key.toString('hex'));
        removeTempDir(root);
        expect(got).to.deep.equal(expected);
        expect(misfits).to.equal(isLimited ? groups.filter((g) => g.kind === 'x').length : 0);
        if (expected.length === 0) none++;
        else some++;
        left += misfits;
      });
      await fc.assert(property, runs(150));
      expect(Math.min(some, none, left)).to.be.greaterThan(0);
    });
  }

  it('numbers the records as it does without limits', async () => {
    const root = keyedTable([{ groups: [1, 2, 3].map((h) => receipt(h)) }], { table: 'receipts' });
    const reader = await openDatabase([root]);
    const numbers: number[] = [];
    for await (const r of reader.records('receipts', { reverse: true, fromHeight: 2n, toHeight: 2n }))
      numbers.push(r.record);
    expect(numbers).to.deep.equal([3, 2]);
  });

  it('refuses limits of height where no schema is known', async () => {
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'other' });
    const reader = await openDatabase([root]);
    const error = await rejection(reader.records('other', { fromHeight: 1n }).next());
    expect(error.code).to.equal('ERR_SCHEMA_UNKNOWN');
    expect(error.message).to.contain('other').and.to.contain('--schema other=');
  });
});
