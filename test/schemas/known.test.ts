/** The schemas that come with the program: what keys mean, key by key and in runs. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HeightBuffer, heightAt, roleOf } from '../../lib/schemas/heights.ts';
import { KNOWN_SCHEMAS, knownSchema, schemaOf } from '../../lib/schemas/known.ts';
import { ROLE, type TableSchema } from '../../lib/schemas/types.ts';
import { runs } from '../helpers/arbitraries.ts';
import { type RawRecord, rawRecord, runOf } from '../helpers/key-runs.ts';
import { blockRecord, receipt } from '../helpers/keyed-table.ts';

const receipts = knownSchema('receipts')!;
const blocks = knownSchema('blocks')!;

describe('schemas/known', () => {
  it('go by the name of the table, unless the user says otherwise', () => {
    expect(KNOWN_SCHEMAS).to.deep.equal(['receipts', 'blocks']);
    expect(schemaOf('receipts', undefined)).to.equal(receipts);
    expect(schemaOf('blocks', { other: receipts })).to.equal(blocks);
    expect(schemaOf('blocks', { blocks: receipts })).to.equal(receipts);
    expect(schemaOf('other', { other: receipts })).to.equal(receipts);
    for (const name of ['other', 'constructor', '__proto__'])
      expect(schemaOf(name, { t: receipts })).to.equal(null);
  });

  it('receipts: a height and a part; a hash has neither', () => {
    const [primary, hash] = receipt(2n ** 64n - 1n, 3) as [Buffer, Buffer];
    expect(receipts.decode(primary, true)).to.deep.equal({
      height: 2n ** 64n - 1n,
      kind: 'receipt',
      label: 'height 18446744073709551615, part 3',
    });
    expect(receipts.decode(hash, false)?.height).to.equal(null);
    expect(receipts.decode(hash, true)).to.equal(null);
    expect(receipts.decode(primary, false)).to.equal(null);
  });

  it('blocks: only a block tells where its height ends', () => {
    const decoded = (kind: 'b' | 'q' | 'a' | 'p') => blocks.decode(blockRecord(kind, 1027)[0]!, true);
    expect(decoded('b')).to.deep.equal({ height: 1027n, kind: 'block', label: 'block 1027', decides: true });
    for (const kind of ['q', 'a', 'p'] as const) {
      expect(decoded(kind)).to.include({ height: 1027n, decides: false });
      const covered = blocks.decode(blockRecord(kind, 1027, 1)[1]!, false);
      expect(covered?.height).to.equal(null);
      expect(covered?.label).to.contain('covers 1028');
    }
    expect(blocks.decode(blockRecord('b', 1)[1]!, false)?.height).to.equal(null);
    expect(blocks.decode(blockRecord('b', 1)[0]!, false), 'a block is not a secondary').to.equal(null);
    expect(blocks.decode(Buffer.from('h'), false), 'no hash').to.equal(null);
    expect(blocks.decode(Buffer.alloc(0), true)).to.equal(null);
  });

  it('blocks: a store needs a QC of its own', () => {
    const { needs } = blocks;
    expect(needs?.matches(blockRecord('q', 1)[0]!, true)).to.equal(true);
    expect(needs?.matches(blockRecord('q', 1, 1)[1]!, false), 'a covered number').to.equal(false);
    expect(needs?.matches(blockRecord('b', 1)[0]!, true)).to.equal(false);
  });

  for (const schema of [receipts, blocks]) {
    it(`${schema.name}: a run says what its keys say one by one, also of keys that do not fit`, () => {
      const property = fc.property(fc.array(rawRecord, { maxLength: 30 }), fc.nat(5), (records, lead) => {
        const whole = new HeightBuffer(schema);
        whole.fill(runOf(records, lead));
        const single = new HeightBuffer({ ...schema, heights: undefined } as unknown as TableSchema);
        single.fill(runOf(records, lead));
        records.forEach((r, i) => {
          const decoded = schema.decode(r.key, r.kind <= 1);
          expect(whole.roles[i], `role of ${r.key.toString('hex')}`).to.equal(roleOf(decoded));
          expect(single.roles[i]).to.equal(whole.roles[i]);
          if (decoded === null || decoded.height === null) return;
          expect(heightAt(whole, i)).to.equal(decoded.height);
          expect(heightAt(single, i)).to.equal(decoded.height);
        });
      });
      fc.assert(property, runs(500));
    });
  }

  it('no record has a role by accident: the four there are all occur', () => {
    const fill = (schema: TableSchema, records: readonly RawRecord[]): number[] => {
      const heights = new HeightBuffer(schema);
      heights.fill(runOf(records));
      return [...heights.roles.subarray(0, records.length)];
    };
    const [q, q2] = blockRecord('q', 5, 1) as [Buffer, Buffer];
    const roles = fill(blocks, [
      { kind: 0, key: blockRecord('b', 5)[0]! },
      { kind: 1, key: q },
      { kind: 3, key: q2 },
      { kind: 0, key: Buffer.from('no such key') },
    ]);
    expect(roles).to.deep.equal([ROLE.decides, ROLE.counts, ROLE.none, ROLE.misfit]);
  });
});
