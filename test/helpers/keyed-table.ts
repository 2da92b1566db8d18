/** Tables whose keys are chosen one by one, for tests of what keys mean. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { group, metadata } from './bytes.ts';
import { tempDir } from './temp.ts';

/** A group: its primary key, then its secondaries. */
export type KeyedGroup = readonly Buffer[];

/** One segment of such a table. */
export interface KeyedSegment {
  readonly groups: readonly KeyedGroup[];
  /** Nanoseconds since 1970; null for an open segment. Default: a minute after the segment before. */
  readonly sealedAt?: bigint | null;
}

/** How the table lies. */
export interface KeyedOptions {
  readonly table?: string;
  readonly first?: number;
  readonly watermark?: number;
  /** An existing root that gets one more table. */
  readonly root?: string;
}

/** When segment number `i` (from 0) is sealed unless a test says otherwise: nanoseconds since 1970. */
export const sealTime = (i: number): bigint => (1_750_000_000n + BigInt(i) * 60n) * 1_000_000_000n;

const VALUE_BYTES = 8;

/** Writes the table into one root and returns that root. */
export function keyedTable(segments: readonly KeyedSegment[], options: KeyedOptions = {}): string {
  const root = options.root ?? tempDir('litt-keyed-');
  const table = join(root, options.table ?? 't');
  mkdirSync(join(table, 'segments'), { recursive: true });
  segments.forEach(({ groups, ...given }, i) => {
    const sealedAt = given.sealedAt === undefined ? sealTime(i) : given.sealedAt;
    const index = (options.first ?? 0) + i;
    const path = (rest: string): string => join(table, 'segments', `${index}${rest}`);
    const keys = groups.map((members, g) =>
      group(
        index,
        members.map((key) => ({ key, offset: g * VALUE_BYTES, shard: 0, size: VALUE_BYTES })),
      ),
    );
    const count = groups.reduce((sum, members) => sum + members.length, 0);
    const sealed = sealedAt !== null;
    const fields = { version: 4, shards: 1, compression: 0, sealed };
    writeFileSync(
      path('.metadata'),
      metadata({ ...fields, timestamp: sealedAt ?? 0n, count: sealed ? count : 0 }),
    );
    writeFileSync(path('.keys'), Buffer.concat(keys));
    writeFileSync(path('-0.values'), Buffer.alloc(groups.length * VALUE_BYTES));
  });
  if (options.watermark !== undefined) writeFileSync(join(table, 'gc-watermark'), `${options.watermark}\n`);
  return root;
}

/** A key of the table `receipts`, with a transaction hash beside it. */
export function receipt(height: bigint | number, part = 0): KeyedGroup {
  const key = Buffer.alloc(12);
  key.writeBigUInt64BE(BigInt(height), 0);
  key.writeUInt32BE(part, 8);
  return [key, hash(height, part)];
}

/** A record of the table `blocks`: kind, number, and further numbers that it covers. */
export function blockRecord(kind: 'b' | 'q' | 'a' | 'p', number: bigint | number, covers = 0): KeyedGroup {
  const numbers = Array.from({ length: covers + 1 }, (_, i) => numbered(kind, BigInt(number) + BigInt(i)));
  return kind === 'b' ? [numbers[0]!, Buffer.concat([Buffer.from('h'), hash(number, 1)])] : numbers;
}

function numbered(kind: string, number: bigint): Buffer {
  const key = Buffer.alloc(9, kind);
  key.writeBigUInt64BE(number, 1);
  return key;
}

function hash(a: bigint | number, b: number): Buffer {
  const bytes = Buffer.alloc(32, 0xee);
  bytes.writeBigUInt64BE(BigInt(a), 8);
  bytes.writeUInt32BE(b, 20);
  return bytes;
}
