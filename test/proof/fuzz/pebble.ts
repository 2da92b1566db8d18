/** Mutated input for the parsers of Pebble's files: a typed refusal, or the right answer. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KIND, readBatch } from '../../../lib/pebble/batch.ts';
import { type ByteSource, entriesOf, readBlock } from '../../../lib/pebble/block.ts';
import { storedCrc } from '../../../lib/pebble/crc.ts';
import { LogWriter } from '../../../lib/pebble/log-writer.ts';
import { readManifest } from '../../../lib/pebble/manifest.ts';
import { parseName, readNames } from '../../../lib/pebble/names.ts';
import { refuseOtherOptions } from '../../../lib/pebble/options.ts';
import { RecordReader } from '../../../lib/pebble/record-reader.ts';
import { PebbleRefusal } from '../../../lib/pebble/refusal.ts';
import { Table } from '../../../lib/pebble/table.ts';
import type { Random } from '../random.ts';
import { mutateBytes } from './mutate.ts';

interface Case {
  readonly hex?: string;
  readonly text?: string;
  readonly name?: string;
}

function casesOf(name: string): readonly Case[] {
  const path = fileURLToPath(new URL(`../../fixtures/pebble/${name}.json`, import.meta.url));
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Case[] }).cases;
}

const bytesOf = (name: string): Buffer[] =>
  casesOf(name).flatMap(({ hex }) => (hex === undefined || hex === '' ? [] : [Buffer.from(hex, 'hex')]));

const NUMBER = 9;
const RECORDS = [0, 1, 40, 200, 9].map((length, i) => Buffer.alloc(length, i + 1));
const LOG = logOf(RECORDS);
const BATCHES = bytesOf('batch');
const MANIFESTS = bytesOf('manifest');
const [TABLE = Buffer.alloc(0)] = bytesOf('table');
const OPTIONS = casesOf('options')[0]?.text ?? '';
const NAMES = casesOf('names').map(({ name = '' }) => name);
const KINDS: ReadonlySet<number> = new Set([KIND.delete, KIND.set, KIND.rangeDelete]);
/** A frame of zstd: 40 times "log-index ", in a block of 400 bytes. */
const ZSTD_FRAME = Buffer.from('28b52ffd6090008d0000506c6f672d696e64657820010083550b12', 'hex');
const MANIFEST_HEADER = 7;

function logOf(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  const writer = new LogWriter(NUMBER, (bytes) => parts.push(Buffer.from(bytes)));
  for (const record of records) writer.record(record);
  writer.close();
  return Buffer.concat(parts);
}

/** Answer, or undefined for a refusal. */
function answerOf<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PebbleRefusal) return undefined;
    throw error;
  }
}

function sourceOf(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: (position, length) => {
      if (position < 0 || length < 0 || position + length > bytes.length)
        throw new Error('reads past the end');
      return bytes.subarray(position, position + length);
    },
  };
}

function tryLog(random: Random): string | null {
  const bytes = mutateBytes(random, LOG);
  const found: Buffer[] = [];
  const end = answerOf(() => {
    const reader = new RecordReader({ of: 'log', number: NUMBER }).read([bytes]);
    for (;;) {
      const next = reader.next();
      if (next.done === true) return next.value;
      found.push(Buffer.from(next.value.payload));
    }
  });
  if (!found.every((record) => RECORDS.some((one) => one.equals(record))))
    return 'a record that was never written';
  if (end !== undefined && end.valid > bytes.length) return 'ends behind the file';
  return end?.kind === 'trailer' && found.length === 0 && bytes.equals(LOG) ? 'lost its records' : null;
}

function tryBatch(random: Random): string | null {
  const bytes = mutateBytes(random, random.pick(BATCHES));
  let operations = 0;
  let used = 0;
  const batch = answerOf(() =>
    readBatch(bytes, KINDS, ({ key, second }) => {
      operations++;
      used += key.length + (second?.length ?? 0);
    }),
  );
  if (used > bytes.length) return 'operations longer than the batch';
  if (batch === undefined) return null;
  if (batch.count !== bytes.readUInt32LE(8)) return 'another count';
  return batch.count === operations ? null : `${operations} operations of ${batch.count}`;
}

/** Half of the time the fields are mutated under a checksum that fits. */
function tryManifest(random: Random): string | null {
  const original = random.pick(MANIFESTS);
  const isDeep = random.chance(50);
  const bytes = isDeep ? framed(mutateBytes(random, fieldsOf(original))) : mutateBytes(random, original);
  const manifest = answerOf(() => readManifest([bytes]));
  if (manifest === undefined) return null;
  const isBad = [...manifest.tables].some(([number, t]) => number !== t.number || t.level > 6 || t.size < 0);
  return isBad ? 'a table that makes no sense' : null;
}

function fieldsOf(manifest: Buffer): Buffer {
  const length = manifest.length >= MANIFEST_HEADER ? manifest.readUInt16LE(4) : 0;
  return manifest.subarray(MANIFEST_HEADER, MANIFEST_HEADER + length);
}

function framed(fields: Buffer): Buffer {
  const chunk = Buffer.concat([Buffer.alloc(MANIFEST_HEADER), fields]);
  chunk.writeUInt16LE(fields.length, 4);
  chunk[6] = 1;
  chunk.writeUInt32LE(storedCrc(chunk, 6), 0);
  return chunk;
}

function tryTable(random: Random): string | null {
  const bytes = mutateBytes(random, TABLE);
  answerOf(() => {
    const table = Table.open(sourceOf(bytes));
    table.count('rocksdb.num.entries');
    return table.firstEntries();
  });
  const block = mutateBytes(random, TABLE.subarray(0, 400));
  for (const bare of [block, withRestarts(block)]) answerOf(() => [...entriesOf(bare)]);
  return null;
}

const withRestarts = (block: Buffer): Buffer =>
  Buffer.concat([block, Buffer.from('0000000001000000', 'hex')]);

/** Compressed blocks whose checksum fits: what was accepted is as long as it says. */
function tryZstd(random: Random): string | null {
  const frame = mutateBytes(random, ZSTD_FRAME);
  const length = random.chance(70) ? Buffer.of(0x90, 0x03) : random.bytes(1 + random.below(6));
  const block = Buffer.concat([length, frame, Buffer.of(7)]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(storedCrc(block));
  const handle = { offset: 0, length: block.length - 1 };
  const content = answerOf(() => readBlock(sourceOf(Buffer.concat([block, sum])), handle, 'data'));
  if (content === undefined || !length.equals(Buffer.of(0x90, 0x03))) return null;
  return content.length === 400 ? null : `${content.length} bytes instead of 400`;
}

function tryTexts(random: Random): string | null {
  answerOf(() => refuseOtherOptions(mutateBytes(random, Buffer.from(OPTIONS)).toString('utf8')));
  const names = NAMES.map((name) =>
    random.chance(70) ? name : mutateBytes(random, Buffer.from(name)).toString('latin1'),
  );
  answerOf(() => readNames(names));
  const numbers = names.map(parseName).flatMap((n) => (n !== null && 'number' in n ? [n.number] : []));
  return numbers.every(Number.isSafeInteger) ? null : 'a number that is none';
}

/** One of the parsers, drawn. */
export function tryPebble(random: Random): string | null {
  return random.pick([
    tryLog,
    tryLog,
    tryBatch,
    tryBatch,
    tryManifest,
    tryManifest,
    tryTable,
    tryZstd,
    tryTexts,
  ])(random);
}
