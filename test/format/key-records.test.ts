import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import {
  decodeRecord,
  encodeRecord,
  isPrimaryKind,
  type KeyRecord,
  KIND,
  nextRecord,
  RECORD_OVERHEAD,
} from '../../lib/format/key-records.ts';

const BY_HAND = Buffer.from('010003' + '616263' + '00000007' + '00010203' + '05' + '0000ff00', 'hex');
const BY_HAND_DECODED = {
  kind: KIND.primary,
  key: Buffer.from('abc'),
  segment: 7,
  offset: 0x010203,
  shard: 5,
  valueSize: 0xff00,
};

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u8 = fc.integer({ min: 0, max: 0xff });
const records: fc.Arbitrary<KeyRecord> = fc.record({
  kind: u8,
  key: fc.uint8Array({ maxLength: 400 }).map((k) => Buffer.from(k)),
  segment: u32,
  offset: u32,
  shard: u8,
  valueSize: u32,
});

describe('format/key-records', () => {
  it('decodes the layout field by field', () => {
    expect(decodeRecord(BY_HAND, 0)).to.deep.equal({ record: BY_HAND_DECODED, next: 19 });
    expect(encodeRecord(BY_HAND_DECODED)).to.deep.equal(BY_HAND);
  });

  it('takes zeros for a standalone record with an empty key, as the engine does', () => {
    const decoded = decodeRecord(Buffer.alloc(RECORD_OVERHEAD), 0);
    expect(decoded?.record).to.include({ kind: KIND.standalone, segment: 0, offset: 0, valueSize: 0 });
    expect(decoded?.record.key).to.have.length(0);
    expect(decoded?.next).to.equal(16);
  });

  it('copies the key out of the buffer', () => {
    const buffer = Buffer.from(BY_HAND);
    const decoded = decodeRecord(buffer, 0);
    buffer.fill(0);
    expect(decoded?.record.key.toString()).to.equal('abc');
  });

  it('reports every cut of a record as torn', () => {
    for (let end = 0; end < BY_HAND.length; end++) {
      expect(decodeRecord(BY_HAND, 0, end), `cut at ${end}`).to.equal(null);
      expect(decodeRecord(Buffer.from(BY_HAND.subarray(0, end)), 0), `short by ${end}`).to.equal(null);
      expect(nextRecord(BY_HAND, 0, end)).to.equal(-1);
    }
    expect(decodeRecord(BY_HAND, 0, BY_HAND.length + 10)?.next).to.equal(BY_HAND.length);
    expect(decodeRecord(BY_HAND, BY_HAND.length)).to.equal(null);
    expect(decodeRecord(BY_HAND, BY_HAND.length + 5)).to.equal(null);
  });

  it('takes the longest key', () => {
    const record = { ...BY_HAND_DECODED, key: Buffer.alloc(0xffff, 0xaa) };
    const bytes = encodeRecord(record);
    expect(bytes).to.have.length(0xffff + RECORD_OVERHEAD);
    expect(decodeRecord(bytes, 0)?.record).to.deep.equal(record);
  });

  it('walks runs of records, and stops where the last is torn', () => {
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 12 }), fc.nat(), (list, cutBy) => {
        const parts = list.map(encodeRecord);
        const all = Buffer.concat(parts);
        const end = all.length - (cutBy % parts.at(-1)!.length);
        const read: KeyRecord[] = [];
        let at = 0;
        for (;;) {
          const decoded = decodeRecord(all, at, end);
          expect(nextRecord(all, at, end)).to.equal(decoded?.next ?? -1);
          if (decoded === null) break;
          read.push(decoded.record);
          at = decoded.next;
        }
        expect(read).to.deep.equal(end === all.length ? list : list.slice(0, -1));
      }),
    );
  });

  it('survives arbitrary bytes, makes progress, and stays within them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        let at = 0;
        for (let next = nextRecord(buffer, at, buffer.length); next !== -1; ) {
          expect(next).to.be.within(at + RECORD_OVERHEAD, buffer.length);
          const decoded = decodeRecord(buffer, at);
          expect(decoded?.next).to.equal(next);
          expect(encodeRecord(decoded!.record)).to.deep.equal(buffer.subarray(at, next));
          at = next;
          next = nextRecord(buffer, at, buffer.length);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('knows which kinds are primary', () => {
    expect([0, 1, 2, 3, 4, 255].filter(isPrimaryKind)).to.deep.equal([KIND.standalone, KIND.primary]);
  });

  it('refuses to encode fields out of range', () => {
    const bad = [
      { kind: 256 },
      { kind: -1 },
      { key: Buffer.alloc(0x10000) },
      { segment: 2 ** 32 },
      { offset: 0.5 },
      { shard: 256 },
      { valueSize: -1 },
    ];
    for (const change of bad) {
      expect(() => encodeRecord({ ...BY_HAND_DECODED, ...change })).to.throw(RollbackError, 'cannot hold');
    }
  });
});
