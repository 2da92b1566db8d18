/** A small log-index, built by hand from the description of Pebble's files: nothing here uses the code under test. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const COMPARER = 'leveldb.BytewiseComparator';

/** What OPTIONS says of itself, as far as it matters. */
export const OPTIONS_TEXT = `[Version]
  pebble_version=0.1

[Options]
  comparer=${COMPARER}
  disable_wal=false
  merger=pebble.concatenate
  wal_dir=
`;

/** CRC-32C, bit by bit, rotated and masked. */
export function storedSum(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  const sum = ~c >>> 0;
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

/** A whole chunk; with the number of a log where one is given. */
export function chunk(payload: Buffer, log: number | null): Buffer {
  const header = Buffer.alloc(log === null ? 7 : 11);
  header.writeUInt16LE(payload.length, 4);
  header[6] = log === null ? 1 : 5;
  if (log !== null) header.writeUInt32LE(log, 7);
  const bytes = Buffer.concat([header, payload]);
  bytes.writeUInt32LE(storedSum(bytes.subarray(6)), 0);
  return bytes;
}

/** The end of a closed log. */
export function trailer(log: number): Buffer {
  const bytes = Buffer.alloc(11);
  bytes[6] = 5;
  bytes.writeUInt32LE(log + 1, 7);
  return bytes;
}

const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** A string of fewer than 128 bytes. */
const text = (bytes: Buffer | string): Buffer => Buffer.concat([Buffer.of(bytes.length), Buffer.from(bytes)]);

/** A set, as it stands in a batch. */
export const set = (key: Buffer | string, value: Buffer | string): Buffer =>
  Buffer.concat([Buffer.of(1), text(key), text(value)]);

/** A batch. */
export function batch(sequence: number, operations: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeBigUInt64LE(BigInt(sequence), 0);
  header.writeUInt32LE(operations.length, 8);
  return Buffer.concat([header, ...operations]);
}

/** The tag of an address at a height. */
export function tag(height: number, place: number): Buffer {
  const rest = Buffer.alloc(1 + 20 + 4 + 4 + 32, place);
  rest[0] = 0;
  return Buffer.concat([Buffer.from('t'), u64(height), rest]);
}

/** How a log-index is. */
export interface LogIndexSpec {
  /** Blocks 1 to this one are in it. */
  readonly newest: number;
  /** 0 for none. */
  readonly oldest: number;
  /** Whether the newest log was closed, ends behind a record, or inside one. */
  readonly end: 'closed' | 'bare' | 'torn';
}

/** Builds it. Its one log has the number 2. */
export function buildLogIndex(dir: string, { newest, oldest, end }: LogIndexSpec): void {
  mkdirSync(dir);
  const file = (name: string, bytes: Buffer | string): void => writeFileSync(join(dir, name), bytes);
  const comparer = Buffer.concat([Buffer.of(1), text(COMPARER), Buffer.of(3, 2, 4, 0)]);
  file('MANIFEST-000001', chunk(comparer, null));
  file('marker.manifest.000001.MANIFEST-000001', '');
  file('marker.format-version.000003.016', '');
  file('OPTIONS-000003', OPTIONS_TEXT);
  file('LOCK', '');
  const records: Buffer[] = [];
  let sequence = 10;
  const add = (...operations: Buffer[]): void => {
    records.push(chunk(batch(sequence, operations), 2));
    sequence += operations.length;
  };
  if (oldest > 0) add(set('m:earliest', u64(oldest)));
  for (let height = 1; height <= newest; height++)
    add(set(tag(height, 1), ''), set(tag(height, 2), ''), set('m:latest', u64(height)));
  const ends = {
    closed: trailer(2),
    bare: Buffer.alloc(0),
    torn: records.at(-1)?.subarray(0, 20) ?? Buffer.alloc(0),
  };
  file('000002.log', Buffer.concat([...records, ends[end]]));
}

/** What Pebble serves of some logs: keys and values, the tags as heights. */
export interface Served {
  readonly newest: number | null;
  readonly oldest: number | null;
  /** Heights of the tags, in order; each once for each tag. */
  readonly tags: readonly number[];
}

/**
 * Replays logs as Pebble does, oldest first: each up to the first chunk that is none, and a batch only where its number
 * is above all before it. Reads whole chunks only.
 */
export function replay(logs: readonly { readonly number: number; readonly bytes: Buffer }[]): Served {
  const values = new Map<string, Buffer>();
  let last = 0;
  for (const { number, bytes } of logs) {
    for (let at = 0; at + 11 <= bytes.length; ) {
      const end = at + 11 + bytes.readUInt16LE(at + 4);
      const isOwn = bytes.readUInt32LE(at + 7) === number && end <= bytes.length;
      if (!isOwn || storedSum(bytes.subarray(at + 6, end)) !== bytes.readUInt32LE(at)) break;
      last = replayBatch(bytes.subarray(at + 11, end), last, values);
      at = end;
    }
  }
  const height = (key: string): number | null => {
    const value = values.get(Buffer.from(key).toString('hex'));
    return value === undefined ? null : Number(value.readBigUInt64BE());
  };
  const tags = [...values.keys()].map((hex) => Buffer.from(hex, 'hex')).filter((key) => key[0] === 0x74);
  return {
    newest: height('m:latest'),
    oldest: height('m:earliest'),
    tags: tags.map((key) => Number(key.readBigUInt64BE(1))).sort((a, b) => a - b),
  };
}

function replayBatch(payload: Buffer, last: number, values: Map<string, Buffer>): number {
  const sequence = Number(payload.readBigUInt64LE(0));
  if (sequence <= last) throw new Error(`the batch ${sequence} has no effect: ${last} was written before`);
  let at = 12;
  const next = (): Buffer => {
    const length = payload[at] as number;
    at += 1 + length;
    return payload.subarray(at - length, at);
  };
  let count = 0;
  for (; at < payload.length; count++) {
    const kind = payload[at++];
    const [key, second] = [next(), next()];
    if (kind === 1) values.set(key.toString('hex'), Buffer.from(second));
    else if (kind !== 15) throw new Error(`kind ${kind}`);
    else
      for (const hex of [...values.keys()])
        if (hex >= key.toString('hex') && hex < second.toString('hex')) values.delete(hex);
  }
  if (count !== payload.readUInt32LE(8)) throw new Error('another count');
  return sequence + count - 1;
}
