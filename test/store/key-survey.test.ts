/** The forward survey of a key file against a naive reading of the same bytes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { realFs } from '../../lib/store/durable-fs.ts';
import { type KeySurvey, prefixOf, surveyKeys } from '../../lib/store/key-survey.ts';
import { runs } from '../helpers/arbitraries.ts';
import { type FoundRecord, noise, readRecords, record } from '../helpers/bytes.ts';
import { keptBySealing } from '../helpers/model.ts';
import { blockBytes } from '../helpers/scenario.ts';
import { tempDir } from '../helpers/temp.ts';

const SEGMENT = 7;
const SHARDS = 3;
const VALUE_BYTES = 100;

const fields = {
  pad: fc.oneof({ weight: 9, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(900) }),
  shard: fc.nat(SHARDS - 1),
  offset: fc.nat(VALUE_BYTES),
  size: fc.oneof({ weight: 9, arbitrary: fc.nat(10) }, { weight: 1, arbitrary: fc.nat(200) }),
};

/** Records of these kinds in any order; most of them make groups by accident. */
const keyFileOf = (...kinds: number[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(fc.record({ ...fields, kind: fc.constantFrom(...kinds) }), { maxLength: 60 }),
      fc.constantFrom(0, 0, 1, 2, 15, 40),
    )
    .map(([list, torn]) =>
      Buffer.concat([
        ...list.map(({ pad, ...rest }, i) => record({ ...rest, key: noise(i, pad), segment: SEGMENT })),
        record({ kind: 0, key: noise(1, 40), segment: SEGMENT, offset: 0, shard: 0, size: 0 }).subarray(
          0,
          torn,
        ),
      ]),
    );

const keyFile = keyFileOf(0, 0, 1, 1, 2, 2, 3, 3, 3);

function survey(bytes: Buffer, block: number | undefined, sealing: boolean): Promise<KeySurvey> {
  const path = join(directory, `${SEGMENT}.keys`);
  writeFileSync(path, bytes);
  const valueSizes = new Array<number>(SHARDS).fill(VALUE_BYTES);
  const rules = { segment: SEGMENT, shardingFactor: SHARDS, valueSizes, sealing };
  return surveyKeys(realFs, path, bytes.length, { rules, blockBytes: block });
}

const directory = tempDir();

function shardEnds(records: readonly FoundRecord[]): number[] {
  return Array.from({ length: SHARDS }, (_, shard) =>
    Math.max(0, ...records.filter((r) => r.shard === shard).map((r) => r.offset + r.size)),
  );
}

/** The records that a survey does not drop. */
function undropped(bytes: Buffer, found: KeySurvey): FoundRecord[] {
  return readRecords(bytes).filter((r) => !found.dropped.some((d) => d.start <= r.start && r.start < d.end));
}

describe('key-survey', () => {
  it('drops from an unsealed segment what the naive reading drops', async () => {
    const property = fc.asyncProperty(keyFile, blockBytes, async (bytes, block) => {
      const found = await survey(bytes, block, true);
      const all = readRecords(bytes);
      const kept = keptBySealing(bytes, () => VALUE_BYTES);
      expect([found.records, found.end]).to.deep.equal([all.length, all.at(-1)?.end ?? 0]);
      expect(undropped(bytes, found)).to.deep.equal(kept);
      expect(found.droppedRecords).to.equal(all.length - kept.length);
      expect(found.shardEnds).to.deep.equal(shardEnds(kept));
      expect(found.firstFault).to.equal(null);
    });
    await fc.assert(property, runs(300));
  });

  it('names the first fault of a sealed segment, and drops nothing', async () => {
    const property = fc.asyncProperty(keyFile, blockBytes, async (bytes, block) => {
      const found = await survey(bytes, block, false);
      const all = readRecords(bytes);
      const kept = new Set(keptBySealing(bytes, () => VALUE_BYTES).map((r) => r.start));
      expect(found.dropped).to.deep.equal([]);
      expect(found.records).to.equal(all.length);
      const firstBad = all.find((r) => !kept.has(r.start));
      expect(found.firstFault === null, 'a fault exactly when something is wrong').to.equal(
        firstBad === undefined,
      );
      const known = all.map((r) => r.start);
      if (found.firstFault !== null) {
        expect(known[found.firstFault.record]).to.equal(found.firstFault.offset);
        expect(found.firstFault.offset).to.be.at.least(firstBad!.start);
      }
    });
    await fc.assert(property, runs(300));
  });

  it('says what the first bytes hold, at the end of every group that stays', async () => {
    const property = fc.asyncProperty(keyFile, blockBytes, async (bytes, block) => {
      const found = await survey(bytes, block, true);
      const all = readRecords(bytes);
      const kept = keptBySealing(bytes, () => VALUE_BYTES);
      for (const { end } of [{ end: 0 }, ...kept.filter((r) => r.kind === 0 || r.kind === 3)]) {
        const before = kept.filter((r) => r.end <= end);
        const records = all.filter((r) => r.end <= end).length;
        expect(prefixOf(realFs, found, end), `up to ${end}`).to.deep.equal({
          records,
          droppedRecords: records - before.length,
          shardEnds: shardEnds(before),
        });
      }
    });
    await fc.assert(property, runs(300));
  });

  it('counts records once when the last block holds only a torn record', async () => {
    const whole = record({ kind: 0, key: noise(1, 8), segment: SEGMENT, offset: 0, shard: 1, size: 5 });
    const bytes = Buffer.concat([whole, whole, whole.subarray(0, 5)]);
    for (const block of [16, 24, 48, 49, 64, undefined]) {
      const found = await survey(bytes, block, false);
      const expected = { records: 2, droppedRecords: 0, shardEnds: [0, 5, 0] };
      expect(prefixOf(realFs, found, 48), `blocks of ${block}`).to.deep.equal(expected);
      expect([found.records, found.end, found.size]).to.deep.equal([2, 48, 53]);
    }
  });

  it('takes any bytes at all, in bounded memory, and never throws', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), blockBytes, async (raw, block) => {
      const bytes = Buffer.from(raw);
      for (const sealing of [false, true]) {
        const found = await survey(bytes, block, sealing);
        const all = readRecords(bytes);
        expect([found.records, found.end]).to.deep.equal([all.length, all.at(-1)?.end ?? 0]);
      }
    });
    await fc.assert(property, runs(300));
  });

  it('never drops a byte twice, also where kinds do not exist', async () => {
    const property = fc.asyncProperty(keyFileOf(0, 1, 1, 2, 3, 3, 7), blockBytes, async (bytes, block) => {
      const found = await survey(bytes, block, true);
      let end = 0;
      for (const range of found.dropped) {
        expect(range.start, 'ranges are in order and apart').to.be.at.least(end);
        ({ end } = range);
      }
      const gone = readRecords(bytes).length - undropped(bytes, found).length;
      expect(found.droppedRecords).to.equal(gone);
    });
    await fc.assert(property, runs(300));
  });

  it('refuses kinds and shards that do not exist, sealed or not', async () => {
    const good = record({ kind: 0, key: noise(1, 8), segment: SEGMENT, offset: 0, shard: 0, size: 5 });
    const odd = [
      { kind: 4, segment: SEGMENT, shard: 0, code: 'ERR_KEY_RECORD' },
      { kind: 255, segment: SEGMENT, shard: 0, code: 'ERR_KEY_RECORD' },
      { kind: 0, segment: SEGMENT, shard: SHARDS, code: 'ERR_ADDRESS' },
      { kind: 0, segment: SEGMENT + 1, shard: 0, code: 'ERR_ADDRESS' },
    ];
    for (const { code, ...rest } of odd) {
      const bad = record({ ...rest, key: noise(2, 3), offset: 0, size: 5 });
      for (const sealing of [false, true]) {
        const found = await survey(Buffer.concat([good, bad, good]), 64, sealing);
        expect(found.firstFault).to.include({ code, offset: good.length, record: 1 });
      }
    }
  });

  it('adds address ends beyond 32 bits without wrapping', async () => {
    const far = {
      kind: 0,
      key: noise(1, 8),
      segment: SEGMENT,
      offset: 0xffff_fff0,
      shard: 0,
      size: 0xffff_ffff,
    };
    const found = await survey(record(far), undefined, true);
    expect(found.droppedRecords).to.equal(1);
    expect((await survey(record(far), undefined, false)).firstFault?.code).to.equal('ERR_ADDRESS');
  });
});
