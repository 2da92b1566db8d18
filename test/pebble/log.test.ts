import { expect } from 'chai';
import fc from 'fast-check';
import { readBatch } from '../../lib/pebble/batch.ts';
import { storedCrc } from '../../lib/pebble/crc.ts';
import { LogWriter } from '../../lib/pebble/log-writer.ts';
import { BLOCK_BYTES, LOG_HEADER } from '../../lib/pebble/record-reader.ts';
import { PebbleRefusal } from '../../lib/pebble/refusal.ts';
import { type Change, logOf, readLog, readWholeLog } from './log.ts';
import { refusalOf, sha256, vectors } from './vectors.ts';

interface WriterOp {
  readonly key?: string;
  readonly length?: number;
  readonly byte?: number;
  readonly address?: string;
}
interface WriterCase {
  readonly what: string;
  readonly number: number;
  readonly firstSequence: number;
  readonly batchOps: number;
  readonly ops: readonly WriterOp[];
  readonly bytes: number;
  readonly sha256: string;
}
interface ReaderCase {
  readonly what: string;
  readonly number: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly hex?: string;
  readonly strict: { readonly records?: readonly number[]; readonly end?: string; readonly refuse?: string };
}

const KINDS = new Set([0, 1]);

function changeOf({ key, length = 0, byte = 0, address }: WriterOp): Change {
  const bytes =
    key === undefined
      ? Buffer.from(Array.from({ length }, (_, i) => (byte + i) % 256))
      : Buffer.from(key, 'hex');
  return { key: bytes, value: address === undefined ? null : Buffer.from(address, 'hex') };
}

describe('pebble: logs as written', () => {
  for (const { what, number, firstSequence, batchOps, ops, bytes, sha256: hash } of vectors<WriterCase>(
    'log-writer',
  )) {
    it(what, () => {
      const log = logOf(number, firstSequence, batchOps, ops.map(changeOf));
      expect(log.length).to.equal(bytes);
      expect(sha256(log)).to.equal(hash);
    });
  }
});

describe('pebble: logs as read', () => {
  // Of the long ones the vectors hold parts only: they are this log, cut or changed as their names say.
  const long = logOf(9, 10, 1, [changeOf({ length: 40_000, byte: 1 }), changeOf({ key: '62' })]);
  const zeroed = Buffer.from(long);
  zeroed.fill(0, BLOCK_BYTES);
  const made: Readonly<Record<string, Buffer>> = {
    'over two blocks': long,
    'cut in the second block': long.subarray(0, 33_000),
    'cut at the block end': long.subarray(0, BLOCK_BYTES),
    'second chunk replaced by zeros': zeroed,
    'a middle chunk without a first': long.subarray(BLOCK_BYTES),
  };
  for (const { what, number, bytes, sha256: hash, hex, strict } of vectors<ReaderCase>('log-reader')) {
    it(what, () => {
      const log = hex === undefined ? (made[what] as Buffer) : Buffer.from(hex, 'hex');
      expect([log.length, sha256(log)], 'the vector itself').to.deep.equal([bytes, hash]);
      if (strict.refuse !== undefined) {
        expect(refusalOf(() => readWholeLog(log, number)).found).to.equal(strict.refuse);
        return;
      }
      const { records, end } = readWholeLog(log, number);
      expect(records.map((r) => r.length)).to.deep.equal(strict.records);
      expect(end.kind).to.equal(strict.end);
    });
  }
});

describe('pebble: the end of a log that was not closed', () => {
  const changes = Array.from({ length: 700 }, (_, i) => changeOf({ length: 100, byte: i }));
  const log = logOf(7, 10, 1, changes);
  const { ends } = readLog(log, 7);
  const lastBlock = Math.floor(log.length / BLOCK_BYTES) * BLOCK_BYTES;

  it('is behind the last whole record, wherever the file was cut, and whatever zeros follow', () => {
    const place = fc.integer({ min: 0, max: log.length - LOG_HEADER });
    fc.assert(
      fc.property(place, fc.constantFrom(0, 3, 9, 200), (cut, zeros) => {
        const { records, end } = readLog(Buffer.concat([log.subarray(0, cut), Buffer.alloc(zeros)]), 7);
        const whole = ends.filter((at) => at <= cut);
        expect(records).to.have.length(whole.length);
        expect(end.kind).to.be.oneOf(['bare', 'broken']);
        expect(end.valid).to.equal(whole.at(-1) ?? 0);
      }),
      { numRuns: 60 },
    );
  });

  it('is not where a byte is damaged and whole chunks follow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: (ends.at(-2) as number) - 1 }), (at) => {
        const damaged = Buffer.from(log);
        damaged[at] = (damaged[at] as number) ^ 0x10;
        const start = ends.findLast((end) => end <= at) ?? 0;
        // The length of the damaged chunk leads to the next one. Where it was hit itself, only a later block can tell.
        const isLength = at - start === 4 || at - start === 5;
        if (isLength && at >= lastBlock) return;
        expect(followsIn(damaged)).to.equal(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is not where Pebble would go on: chunks of other kinds, parts without a beginning', () => {
    const [first = 0] = ends;
    const found = (type: number, ...behind: Buffer[]): string => {
      const bytes = Buffer.from(log.subarray(0, first));
      bytes[6] = type;
      bytes.writeUInt32LE(storedCrc(bytes, 6), 0);
      return refusalOf(() => readLog(Buffer.concat([bytes, ...behind]), 7)).found;
    };
    expect(found(1)).to.equal('unexpected chunk format 1 at 0');
    expect(found(9)).to.equal('unexpected chunk format 9 at 0');
    expect(found(8)).to.equal('continuation without start at 0');
    expect(found(6, log.subarray(first))).to.equal(`start inside a record at ${first}`);
  });

  it('is not where the end of a block, too short for a chunk, holds something', () => {
    const padded = logOf(7, 10, 1, [changeOf({ length: 32_736 }), changeOf({ key: '61' })]);
    padded[BLOCK_BYTES - 1] = 1;
    expect(refusalOf(() => readLog(padded, 7)).found).to.contain('end of a block is not empty');
  });
});

describe('pebble: what the writer writes', () => {
  const change = fc.record({
    key: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 32_600, max: 32_800 }).map((n) => new Uint8Array(n).fill(n)),
      fc.constant(new Uint8Array(65_535).fill(3)),
    ),
    value: fc.option(fc.uint8Array({ minLength: 13, maxLength: 13 })),
  });

  it('the reader reads, at any place of a block and for any number', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(5, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 9),
        (drawn, batchOps, number) => {
          const changes = drawn.map(({ key, value }) => ({
            key: Buffer.from(key),
            value: value === null ? null : Buffer.from(value),
          }));
          const { records, end } = readWholeLog(logOf(number, 100, batchOps, changes), number);
          expect(end.kind).to.equal('trailer');
          const read: Change[] = [];
          for (const record of records)
            readBatch(record, KINDS, ({ key, second }) => read.push({ key, value: second }));
          expect(read).to.deep.equal(changes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes on behind any whole record, as if it had written all', () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 33_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lengths, (drawn) => {
        const write = (from: number, position: number): Buffer => {
          const parts: Buffer[] = [];
          const writer = new LogWriter(3, (bytes) => parts.push(Buffer.from(bytes)), position);
          for (const [i, length] of drawn.entries()) if (i >= from) writer.record(Buffer.alloc(length, i));
          writer.close();
          return Buffer.concat(parts);
        };
        const whole = write(0, 0);
        const { ends } = readLog(whole, 3);
        expect(ends).to.have.length(drawn.length);
        for (const [i, end] of ends.entries())
          expect(Buffer.concat([whole.subarray(0, end), write(i + 1, end)]).equals(whole)).to.equal(true);
      }),
      { numRuns: 40 },
    );
  });
});

/** Whether the reader notices chunks behind damage, or refuses the chunks themselves. */
function followsIn(log: Buffer): boolean {
  try {
    const { end } = readLog(log, 7);
    return end.kind === 'broken' && end.follows !== null;
  } catch (error) {
    return error instanceof PebbleRefusal && error.code === 'log';
  }
}
