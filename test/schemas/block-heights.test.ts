import { expect } from 'chai';
import fc from 'fast-check';
import { BlockHeightIndex, type BlockHeights } from '../../lib/schemas/block-heights.ts';
import { knownSchema } from '../../lib/schemas/known.ts';
import type { DecodedKey, TableSchema } from '../../lib/schemas/types.ts';
import { runs } from '../helpers/arbitraries.ts';
import { type RawRecord, rawRecord, runOf } from '../helpers/key-runs.ts';
import { blockRecord, receipt } from '../helpers/keyed-table.ts';

/** What the digest must say, read off the keys one by one. */
function naive(schema: TableSchema, records: readonly RawRecord[]): BlockHeights {
  const decoded = records.map((r) => schema.decode(r.key, r.kind <= 1));
  const heights = (wanted: (d: DecodedKey) => boolean): bigint[] =>
    decoded.flatMap((d) => (d !== null && d.height !== null && wanted(d) ? [d.height] : []));
  const deciding = heights((d) => d.decides ?? true);
  const sorted = [...deciding].sort((a, b) => (a < b ? -1 : 1));
  const all = heights(() => true).sort((a, b) => (a < b ? -1 : 1));
  return {
    oldest: deciding.at(0) ?? null,
    newest: deciding.at(-1) ?? null,
    lowest: sorted.at(0) ?? null,
    highest: sorted.at(-1) ?? null,
    top: all.at(-1) ?? null,
    fits: !decoded.includes(null),
    inGroup: records[0]!.kind > 1,
  };
}

/** Mostly records that fit, with heights on both sides of what 32 bits hold. */
const height = fc.bigInt({ min: 2n ** 32n - 6n, max: 2n ** 32n + 6n });
const fitting = fc.oneof(
  height.map((h): RawRecord => ({ kind: 1, key: receipt(h)[0]! })),
  fc
    .tuple(fc.constantFrom(...(['b', 'q', 'a', 'p'] as const)), height)
    .map(([kind, h]): RawRecord => ({ kind: 0, key: blockRecord(kind, h)[0]! })),
  fc.constant<RawRecord>({ kind: 3, key: receipt(1)[1]! }),
);
const block = fc.array(fc.oneof({ weight: 20, arbitrary: fitting }, { weight: 1, arbitrary: rawRecord }), {
  minLength: 1,
  maxLength: 30,
});

describe('schemas/block-heights', () => {
  const schemas: readonly [string, TableSchema][] = [
    ['receipts', knownSchema('receipts')!],
    ['blocks', knownSchema('blocks')!],
    ['another one', { ...knownSchema('receipts')! }],
  ];
  for (const [name, schema] of schemas) {
    it(`${name}: tells of each block what its keys say one by one`, () => {
      const property = fc.property(fc.array(block, { maxLength: 4 }), (drawn) => {
        const digest = new BlockHeightIndex(schema);
        const look = digest.observer(7);
        for (const records of drawn) look(runOf(records));
        expect(digest.blocksOf(7)).to.deep.equal(drawn.map((records) => naive(schema, records)));
        expect(digest.blocksOf(8)).to.equal(undefined);
      });
      fc.assert(property, runs(300));
    });
  }

  it('begins again when a segment is looked at again', () => {
    const digest = new BlockHeightIndex(knownSchema('receipts')!);
    for (let i = 0; i < 2; i++) digest.observer(1)(runOf([{ kind: 1, key: receipt(5)[0]! }]));
    expect(digest.blocksOf(1)).to.have.length(1);
    digest.forget(1);
    expect(digest.blocksOf(1)).to.equal(undefined);
  });
});
