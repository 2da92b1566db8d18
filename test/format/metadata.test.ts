import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import { decodeMetadata, encodeMetadata, MAX_METADATA_SIZE } from '../../lib/format/metadata.ts';

/** version 4, 3 shards, time 0x0102030405060708, 258 keys, sealed, S2. */
const WRITTEN_BY_HAND = Buffer.from('00000004030102030405060708000001020101', 'hex');

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(RollbackError);
    return (error as RollbackError).code;
  }
  return 'no error';
}

describe('format/metadata', () => {
  it('decodes the layout field by field', () => {
    expect(decodeMetadata(WRITTEN_BY_HAND)).to.deep.equal({
      version: 4,
      shardingFactor: 3,
      lastValueTimestamp: 0x0102030405060708n,
      keyCount: 258,
      sealed: true,
      compression: 1,
    });
  });

  it('decodes version 3, which ends before the compression byte', () => {
    const bytes = Buffer.from(WRITTEN_BY_HAND.subarray(0, 18));
    bytes[3] = 3;
    expect(decodeMetadata(bytes)).to.include({ version: 3, compression: 0, keyCount: 258, sealed: true });
  });

  it('decodes a view into a larger buffer', () => {
    const larger = Buffer.concat([Buffer.from('ffff', 'hex'), WRITTEN_BY_HAND, Buffer.from('ff', 'hex')]);
    expect(decodeMetadata(new Uint8Array(larger.buffer, larger.byteOffset + 2, 19)).shardingFactor).to.equal(
      3,
    );
  });

  it('takes a segment for sealed only when the byte is exactly 1', () => {
    for (const value of [0, 2, 3, 0x80, 0xff]) {
      const bytes = Buffer.from(WRITTEN_BY_HAND);
      bytes[17] = value;
      expect(decodeMetadata(bytes).sealed, String(value)).to.equal(false);
    }
  });

  it('looks at the version before the size', () => {
    expect(codeOf(() => decodeMetadata(Buffer.from('00000009', 'hex')))).to.equal('ERR_UNSUPPORTED_VERSION');
    expect(codeOf(() => decodeMetadata(Buffer.alloc(37)))).to.equal('ERR_UNSUPPORTED_VERSION');
    expect(codeOf(() => decodeMetadata(Buffer.from('04000000', 'hex')))).to.equal('ERR_UNSUPPORTED_VERSION');
    expect(codeOf(() => decodeMetadata(Buffer.from('000009', 'hex')))).to.equal('ERR_METADATA');
  });

  it('refuses every other size of a known version', () => {
    for (const [version, right] of [
      [3, 18],
      [4, 19],
    ] as const) {
      for (let size = 0; size <= MAX_METADATA_SIZE; size++) {
        if (size === right) continue;
        const bytes = Buffer.alloc(size, 1);
        if (size >= 4) bytes.writeUInt32BE(version);
        expect(
          codeOf(() => decodeMetadata(bytes)),
          `version ${version}, ${size} bytes`,
        ).to.equal('ERR_METADATA');
      }
    }
  });

  it('refuses no shards and unknown compressions', () => {
    const noShards = Buffer.from(WRITTEN_BY_HAND);
    noShards[4] = 0;
    expect(codeOf(() => decodeMetadata(noShards))).to.equal('ERR_METADATA');
    const unknown = Buffer.from(WRITTEN_BY_HAND);
    unknown[18] = 2;
    expect(codeOf(() => decodeMetadata(unknown))).to.equal('ERR_METADATA');
  });

  it('names no path in its errors: the caller knows it', () => {
    try {
      decodeMetadata(Buffer.alloc(0));
    } catch (error) {
      expect((error as RollbackError).at({ path: '/r/t/segments/7.metadata' }).message).to.include(
        '7.metadata',
      );
      return;
    }
    expect.fail('accepted');
  });

  it('encodes what it decoded, in the version that it had', () => {
    const metadata = fc.record({
      version: fc.constantFrom(3 as const, 4 as const),
      shardingFactor: fc.integer({ min: 1, max: 255 }),
      lastValueTimestamp: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
      keyCount: fc.integer({ min: 0, max: 0xffff_ffff }),
      sealed: fc.boolean(),
      compression: fc.constantFrom(0 as const, 1 as const),
    });
    fc.assert(
      fc.property(metadata, (drawn) => {
        const m = { ...drawn, compression: drawn.version === 3 ? 0 : drawn.compression };
        const bytes = encodeMetadata(m);
        expect(bytes).to.have.length(m.version === 3 ? 18 : 19);
        expect(decodeMetadata(bytes)).to.deep.equal(m);
      }),
    );
    expect(encodeMetadata(decodeMetadata(WRITTEN_BY_HAND))).to.deep.equal(WRITTEN_BY_HAND);
  });

  it('refuses to encode fields out of range', () => {
    const good = decodeMetadata(WRITTEN_BY_HAND);
    const bad = [
      { shardingFactor: 0 },
      { shardingFactor: 256 },
      { shardingFactor: 1.5 },
      { keyCount: -1 },
      { keyCount: 2 ** 32 },
      { keyCount: Number.NaN },
      { lastValueTimestamp: -1n },
      { lastValueTimestamp: 2n ** 64n },
      { compression: 2 as 1 },
      { version: 5 as 4 },
      { version: 3 as const, compression: 1 as const },
    ];
    for (const change of bad) {
      expect(codeOf(() => encodeMetadata({ ...good, ...change }))).to.equal('ERR_DEFECT');
    }
  });

  it('answers arbitrary bytes with metadata or a RollbackError', () => {
    const tail = fc.uint8Array({ maxLength: 60 });
    const bytes = fc.oneof(
      tail,
      fc.tuple(fc.constantFrom(0, 3, 4, 5), tail).map(([v, t]) => Uint8Array.of(0, 0, 0, v, ...t)),
      fc
        .tuple(fc.constantFrom(3, 4), fc.uint8Array({ minLength: 14, maxLength: 15 }))
        .map(([v, t]) => Uint8Array.of(0, 0, 0, v, ...t)),
    );
    fc.assert(
      fc.property(bytes, (b) => {
        const code = codeOf(() => decodeMetadata(b));
        expect(code).to.be.oneOf(['no error', 'ERR_METADATA', 'ERR_UNSUPPORTED_VERSION']);
      }),
      { numRuns: 2000 },
    );
  });
});
