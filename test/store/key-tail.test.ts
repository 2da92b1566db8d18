import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { realFs } from '../../lib/store/durable-fs.ts';
import { lastRecords } from '../../lib/store/key-tail.ts';
import { runs } from '../helpers/arbitraries.ts';
import { group, readRecords } from '../helpers/bytes.ts';
import { tempDir } from '../helpers/temp.ts';

/** The keys of the records that were found, oldest first. */
function tailKeys(file: Buffer, segment: number): string[] {
  const path = join(tempDir('litt-tail-'), '0.keys');
  writeFileSync(path, file);
  const { buffer, offsets, count } = lastRecords(realFs, path, file.length, segment);
  return [...offsets.subarray(0, count)].map((at) =>
    buffer.subarray(at + 3, at + 3 + buffer.readUInt16BE(at + 1)).toString('hex'),
  );
}

const allKeys = (file: Buffer): string[] => readRecords(file).map((r) => r.key.toString('hex'));

/** Short keys of any bytes, or with many zeros, which could be mistaken for records; and long ones. */
const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes: [...bytes], times: 1 })),
  fc.nat(9).map((n) => ({ bytes: [0, 0, 0, 0, 0, 0, 0, n, 0, 0, 0, n], times: 1 })),
  fc.integer({ min: 1000, max: 65_535 }).map((times) => ({ bytes: [1], times })),
);

const bytesOf = ({ bytes, times }: { bytes: number[]; times: number }): Buffer =>
  Buffer.alloc(bytes.length * times, Buffer.from(bytes));

const file = (keys: readonly Uint8Array[], segment: number): Buffer =>
  Buffer.concat(
    keys.map((bytes, i) => group(segment, [{ key: Buffer.from(bytes), offset: i, shard: 0, size: 1 }])),
  );

describe('store/key-tail', function () {
  this.timeout(120_000);

  it('finds all records of a short file, and the last ones of a long file', () => {
    let long = 0;
    const property = fc.property(
      fc.array(key, { maxLength: 30, size: 'max' }),
      fc.nat(3),
      fc.integer({ min: 0, max: 20 }),
      (chosen, segment, torn) => {
        const keys = chosen.map(bytesOf);
        const whole = file(keys, segment);
        const bytes = Buffer.concat([whole, file([Buffer.alloc(50, 7)], segment).subarray(0, torn)]);
        const found = tailKeys(bytes, segment);
        const all = allKeys(whole);
        if (bytes.length <= 4 * 65_551) expect(found).to.deep.equal(all);
        else {
          long++;
          expect(found.length).to.be.greaterThan(2);
          expect(found.slice(2)).to.deep.equal(all.slice(all.length - found.length + 2));
        }
      },
    );
    fc.assert(property, runs(150));
    expect(long).to.be.greaterThan(0);
  });

  it('ends before bytes that are not a record of this segment', () => {
    const good = file([Buffer.from('a'), Buffer.from('b')], 3);
    expect(tailKeys(Buffer.concat([good, Buffer.alloc(64)]), 3)).to.deep.equal(['61', '62']);
    expect(tailKeys(Buffer.alloc(0), 3)).to.deep.equal([]);
  });
});
