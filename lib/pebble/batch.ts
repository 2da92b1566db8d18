/** Batches: the records of a log. */
import { Cursor, encodeString } from './cursor.ts';
import { PebbleRefusal } from './refusal.ts';

/** Sequence number (8 bytes) and count (4 bytes), little endian. */
export const BATCH_HEADER = 12;

/** Kinds of operations. Log data is a note, and counts for nothing. */
export const KIND = { delete: 0, set: 1, logData: 3, rangeDelete: 15 } as const;

/** Sequence numbers stay below this: Pebble ends at 2^55, and a JavaScript number is exact up to here. */
export const MAX_SEQUENCE = 2 ** 53 - 1;

/** Kinds with a second string: a value, or the end of a range. */
const WITH_SECOND: ReadonlySet<number> = new Set([KIND.set, KIND.rangeDelete]);

/** One operation. Its strings are views. */
export interface Operation {
  readonly kind: number;
  readonly key: Buffer;
  /** Value of a set, end of a range; null for a delete. */
  readonly second: Buffer | null;
  readonly sequence: number;
}

/** What a batch holds. */
export interface Batch {
  /** Number of the first operation; the others follow it. */
  readonly sequence: number;
  readonly count: number;
}

/**
 * Reads a batch.
 * @param kinds the kinds that may be in it; log data always may
 * @param visit told of each operation but log data
 * @throws PebbleRefusal log, sequence; what `visit` throws
 */
export function readBatch(
  payload: Buffer,
  kinds: ReadonlySet<number>,
  visit: (operation: Operation) => void,
): Batch {
  if (payload.length < BATCH_HEADER) throw new PebbleRefusal('log', 'batch shorter than its header');
  const wide = payload.readBigUInt64LE(0);
  const count = payload.readUInt32LE(8);
  if (wide + BigInt(count) > BigInt(MAX_SEQUENCE))
    throw new PebbleRefusal('sequence', `sequence number ${wide}`);
  const sequence = Number(wide);
  const cursor = new Cursor(payload, 'log', BATCH_HEADER);
  let operations = 0;
  while (cursor.left > 0) {
    const kind = cursor.byte();
    if (kind === KIND.logData) {
      cursor.skipString();
      continue;
    }
    if (!kinds.has(kind)) throw new PebbleRefusal('log', `batch operation kind ${kind}`);
    const key = cursor.string();
    const second = WITH_SECOND.has(kind) ? cursor.string() : null;
    visit({ kind, key, second, sequence: sequence + operations });
    operations++;
  }
  if (operations !== count) throw new PebbleRefusal('log', `batch count ${count}, operations ${operations}`);
  return { sequence, count };
}

/** The header of a batch. */
export function encodeBatchHeader(sequence: number, count: number): Buffer {
  const header = Buffer.alloc(BATCH_HEADER);
  header.writeBigUInt64LE(BigInt(sequence), 0);
  header.writeUInt32LE(count, 8);
  return header;
}

/** An operation as it stands in a batch. */
export function encodeOperation(kind: number, key: Uint8Array, second: Uint8Array | null): Buffer {
  const parts = [Buffer.of(kind), encodeString(key)];
  return Buffer.concat(second === null ? parts : [...parts, encodeString(second)]);
}
