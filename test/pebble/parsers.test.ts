import { expect } from 'chai';
import { readBatch } from '../../lib/pebble/batch.ts';
import { entriesOf, readBlock } from '../../lib/pebble/block.ts';
import { crc32c, storedCrc } from '../../lib/pebble/crc.ts';
import { encodeVarint } from '../../lib/pebble/cursor.ts';
import { readManifest } from '../../lib/pebble/manifest.ts';
import { parseName, readNames } from '../../lib/pebble/names.ts';
import { refuseOtherOptions } from '../../lib/pebble/options.ts';
import { Table } from '../../lib/pebble/table.ts';
import { blocksOf, refusalOf, vectors } from './vectors.ts';

interface Refused {
  readonly refuse: string;
}
type Expected<T> = T | Refused;

/** Runs what gives the answer, and holds it against what a vector expects. */
function expectAnswer<T extends object>(answer: () => T, expected: Expected<T>): void {
  if ('refuse' in expected) expect(refusalOf(answer).found).to.equal(expected.refuse);
  else expect(answer()).to.deep.equal(expected);
}

describe('pebble: checksums', () => {
  for (const { hex, crc32c: sum, stored } of vectors<{ hex: string; crc32c: string; stored: string }>(
    'crc',
  )) {
    it(`of ${hex.length / 2} bytes`, () => {
      const bytes = Buffer.from(hex, 'hex');
      const inside = Buffer.concat([Buffer.of(1, 2, 3), bytes, Buffer.of(4)]);
      const parts = crc32c(bytes, 3, bytes.length, crc32c(bytes, 0, 3));
      expect(crc32c(bytes)).to.equal(Number.parseInt(sum, 16));
      expect(storedCrc(inside, 3, 3 + bytes.length)).to.equal(Number.parseInt(stored, 16));
      if (bytes.length >= 3) expect(parts, 'in two parts').to.equal(crc32c(bytes));
    });
  }
});

describe('pebble: names', () => {
  for (const { name, kind } of vectors<{ name: string; kind: string | null }>('names')) {
    it(`${name} is ${kind ?? 'unknown'}`, () => expect(parseName(name)?.kind ?? null).to.equal(kind));
  }

  it('numbers have six digits, or more without a zero in front', () => {
    expect(parseName('0000012.log')).to.equal(null);
    expect(parseName('99999999999999999999.log')).to.equal(null);
    expect(parseName('marker.manifest.000001.MANIFEST-1')).to.equal(null);
  });

  const sound = ['000002.log', 'MANIFEST-000001', 'OPTIONS-000003', 'LOCK'];
  const markers = ['marker.manifest.000001.MANIFEST-000001', 'marker.format-version.000003.016'];

  it('of a directory say what counts', () => {
    expect(readNames([...sound, ...markers, 'OPTIONS-000009', '000011.log', '000005.sst'])).to.deep.equal({
      logs: [2, 11],
      tables: new Set([5]),
      manifest: 'MANIFEST-000001',
      options: 'OPTIONS-000009',
      formatVersion: '016',
      highest: 11,
    });
  });

  const wrong: readonly [string, readonly string[], string][] = [
    ['a name that Pebble does not write', [...sound, ...markers, 'x'], 'unknown-file'],
    ['no marker', sound, 'markers'],
    ['two markers', [...sound, ...markers, 'marker.manifest.000002.MANIFEST-000001'], 'markers'],
    [
      'a marker of a missing file',
      [...sound.filter((n) => !n.startsWith('MANIFEST')), ...markers],
      'markers',
    ],
    ['no OPTIONS', [...sound.filter((n) => !n.startsWith('OPTIONS')), ...markers], 'options'],
  ];
  for (const [what, names, code] of wrong) {
    it(`${what} is refused`, () => expect(refusalOf(() => readNames(names)).code).to.equal(code));
  }
});

describe('pebble: OPTIONS', () => {
  const cases = vectors<{ what: string; text?: string; replace?: [string, string]; ok: boolean }>('options');
  const real = cases[0]?.text ?? '';
  for (const { what, replace, ok } of cases) {
    it(`${what}: ${ok ? 'taken' : 'refused'}`, () => {
      const text = replace === undefined ? real : real.replace(...replace);
      expect(replace === undefined || text !== real).to.equal(true);
      if (ok) refuseOtherOptions(text);
      else expect(refusalOf(() => refuseOtherOptions(text)).code).to.equal('options');
    });
  }

  it('a line that stands there twice is refused', () => {
    const text = real.replace('disable_wal=false', 'disable_wal=false\n  disable_wal=true');
    expect(refusalOf(() => refuseOtherOptions(text)).code).to.equal('options');
  });
});

describe('pebble: MANIFEST', () => {
  interface Case {
    readonly what: string;
    readonly hex: string;
    readonly expect: Expected<{ minUnflushedLog: number; nextFileNumber: number; lastSequence: number }>;
  }
  for (const { what, hex, expect: expected } of vectors<Case>('manifest')) {
    it(what, () =>
      expectAnswer(() => {
        const { tables, ...numbers } = readManifest(blocksOf(Buffer.from(hex, 'hex')));
        const rows = [...tables.values()]
          .map((t) => [t.level, t.number, t.size, t.smallestSequence, t.largestSequence] as const)
          .sort(([a, b], [c, d]) => a - c || b - d);
        return { ...numbers, tables: rows };
      }, expected),
    );
  }
});

describe('pebble: batches', () => {
  interface Case {
    readonly what: string;
    readonly hex: string;
    readonly expect: Expected<{ sequence: number; count: number; sets: number; deletes: number }>;
  }
  const kinds = new Set([0, 1]);
  for (const { what, hex, expect: expected } of vectors<Case>('batch')) {
    it(what, () =>
      expectAnswer(() => {
        const seen = { sets: 0, deletes: 0 };
        const { sequence, count } = readBatch(Buffer.from(hex, 'hex'), kinds, ({ kind }) => {
          if (kind === 1) seen.sets++;
          else seen.deletes++;
        });
        return { sequence, count, ...seen };
      }, expected),
    );
  }

  it('a sequence number that JavaScript cannot count is refused', () => {
    const high = Buffer.from('ffffffffffff1f000000000000', 'hex').subarray(0, 12);
    high.writeUInt32LE(1, 8);
    expect(
      refusalOf(() => readBatch(Buffer.concat([high, Buffer.from('000162', 'hex')]), kinds, () => {})).code,
    ).to.equal('sequence');
  });
});

describe('pebble: tables', () => {
  interface Case {
    readonly what: string;
    readonly hex?: string;
    readonly patch?: readonly [number, string][];
    readonly lastBytes?: number;
    readonly expect: Expected<{ entries: number | null; deletions: number | null }>;
  }
  const cases = vectors<Case>('table');
  const real = Buffer.from(cases[0]?.hex ?? '', 'hex');

  for (const { what, patch = [], lastBytes, expect: expected } of cases) {
    it(what, () => {
      const bytes = Buffer.from(lastBytes === undefined ? real : real.subarray(-lastBytes));
      for (const [at, byte] of patch) bytes[at] = Number.parseInt(byte, 16);
      const source = {
        size: bytes.length,
        read: (position: number, length: number) => bytes.subarray(position, position + length),
      };
      expectAnswer(() => {
        const table = Table.open(source);
        return {
          entries: table.count('rocksdb.num.entries'),
          deletions: table.count('rocksdb.deleted.keys'),
        };
      }, expected);
    });
  }
});

describe('pebble: blocks', () => {
  /** A block as it lies in a table: content, compression, checksum. */
  const stored = (content: Buffer, compression: number): Buffer => {
    const block = Buffer.concat([content, Buffer.of(compression)]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(storedCrc(block));
    return Buffer.concat([block, sum]);
  };
  const read = (content: Buffer, compression: number): Buffer => {
    const bytes = stored(content, compression);
    const source = {
      size: bytes.length,
      read: (at: number, length: number) => bytes.subarray(at, at + length),
    };
    return readBlock(source, { offset: 0, length: content.length }, 'data');
  };
  const frame = Buffer.from('28b52ffd6090008d0000506c6f672d696e64657820010083550b12', 'hex');
  const text = 'log-index '.repeat(40);

  it('are taken as they are, or unpacked', () => {
    expect(read(Buffer.from(text), 0).toString()).to.equal(text);
    expect(read(Buffer.concat([encodeVarint(400), frame]), 7).toString()).to.equal(text);
  });

  it('are refused when compressed otherwise, or of another size than they say', () => {
    expect(refusalOf(() => read(Buffer.from(text), 1)).found).to.equal('block compression 1');
    for (const size of [399, 401, 2 ** 40])
      expect(refusalOf(() => read(Buffer.concat([encodeVarint(size), frame]), 7)).found).to.equal(
        'size of a zstd block',
      );
    expect(
      refusalOf(() => read(Buffer.concat([encodeVarint(400), frame.subarray(0, 20)]), 7)).found,
    ).to.contain('zstd block: ');
  });

  it('have entries that share their first bytes with the one before', () => {
    const entry = (shared: number, own: string, value: string): Buffer =>
      Buffer.concat([Buffer.of(shared, own.length, value.length), Buffer.from(own + value)]);
    const restarts = Buffer.from('0000000001000000', 'hex');
    const block = Buffer.concat([entry(0, 'abc', '1'), entry(2, 'd', ''), restarts]);
    const texts = [...entriesOf(block)].map(({ key, value }) => [key.toString(), value.toString()]);
    expect(texts).to.deep.equal([
      ['abc', '1'],
      ['abd', ''],
    ]);
    const wrong = [entry(4, 'a', ''), Buffer.of(0, 9, 0), Buffer.of(0, 0, 9)];
    for (const bytes of wrong)
      expect(
        refusalOf(() => [...entriesOf(Buffer.concat([entry(0, 'abc', ''), bytes, restarts]))]).code,
      ).to.equal('table-files');
    expect(refusalOf(() => [...entriesOf(Buffer.from('ffffffff', 'hex'))]).found).to.equal(
      'restarts of a block',
    );
  });
});
