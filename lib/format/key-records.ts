/**
 * Key records, back to back in `N.keys`. A record carries its length in front, so a file can only be walked
 * forward; there is no checksum, and a crash may leave the last record torn.
 *
 *   kind u8 | key length u16 | key | segment u32 | offset u32 | shard u8 | value size u32
 */
import { RollbackError } from '../errors.ts';
import { MAX_U32 } from './decimal-u32.ts';

/** Bytes of a record besides its key. */
export const RECORD_OVERHEAD = 16;

/** From a record's start to its fields in front of the key (bytes). */
export const RECORD_OFFSET = { kind: 0, keyLength: 1, key: 3 } as const;

/** From the end of the key to the address's fields (bytes). */
export const ADDRESS_OFFSET = { segment: 0, offset: 4, shard: 8, valueSize: 9 } as const;

/** Bytes of the address after the key. */
export const ADDRESS_SIZE = 13;

/** The longest key that a record's length field can announce (bytes). */
export const MAX_KEY_LENGTH = 0xffff;

/** The size of the largest possible record (bytes): a reader's buffer must hold it to make progress. */
export const MAX_RECORD_SIZE = RECORD_OVERHEAD + MAX_KEY_LENGTH;

/**
 * The role of a record in its group. A group is one standalone record, or a primary followed by any number of
 * secondaries and exactly one last secondary.
 */
export const KIND = { standalone: 0, primary: 1, secondary: 2, lastSecondary: 3 } as const;

/** Where a record's value lies. */
export interface Address {
  readonly segment: number;
  readonly shard: number;
  /** End of the value in the shard's file (bytes). */
  readonly end: number;
}

/** One record, decoded. */
export interface KeyRecord {
  /** One of KIND; any other value is damage, and the caller judges it. */
  readonly kind: number;
  readonly key: Buffer;
  /** Segment that the address names: the record's own one. */
  readonly segment: number;
  /** First byte of the value in its shard's file. */
  readonly offset: number;
  readonly shard: number;
  /** Stored bytes of the value. */
  readonly valueSize: number;
}

// Functions for hot loops, called once a record: V8 inlines them. They use plain numbers, because V8 would read
// a constant of a module again in every turn.

/** Whether records of this kind carry a primary key: KIND.standalone or KIND.primary. */
export function isPrimaryKind(kind: number): boolean {
  return kind <= 1;
}

/** Whether the record at `at` carries a primary key. */
export function isPrimaryAt(buffer: Uint8Array, at: number): boolean {
  return isPrimaryKind(buffer[at] as number);
}

/** Where the key of the record at `at` begins: RECORD_OFFSET.key after it. */
export function keyStart(at: number): number {
  return at + 3;
}

/** Length of the key of the record at `at`, whose first bytes must be there. */
export function keyLengthAt(buffer: Uint8Array, at: number): number {
  return ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
}

/**
 * Notes where each whole record of the bytes [0, end) of a view begins.
 * @param offsets has room for roomFor(end) records
 * @returns how many there are, and where the last one ends
 */
export function indexRecords(
  view: DataView,
  end: number,
  offsets: Int32Array,
): { count: number; used: number } {
  const overhead = RECORD_OVERHEAD; // hot
  const last = end - overhead;
  let count = 0;
  let at = 0;
  while (at <= last) {
    const next = at + overhead + view.getUint16(at + 1);
    if (next > end) break;
    offsets[count++] = at;
    at = next;
  }
  return { count, used: at };
}

/**
 * Offset right after the record at `at`, or -1 when fewer bytes than its length remain before `end` (also when
 * none remain: compare `at` with `end` first). `end` must not exceed the buffer. Called once a record over
 * files of gigabytes: allocates nothing and reads three bytes.
 */
export function nextRecord(buf: Uint8Array, at: number, end: number): number {
  if (end - at < RECORD_OVERHEAD) return -1;
  const next = at + RECORD_OVERHEAD + keyLengthAt(buf, at);
  return next <= end ? next : -1;
}

/** The address that begins at `at`. */
export function addressAt(view: DataView, at: number): Address {
  return {
    segment: view.getUint32(at + ADDRESS_OFFSET.segment),
    shard: view.getUint8(at + ADDRESS_OFFSET.shard),
    end: view.getUint32(at + ADDRESS_OFFSET.offset) + view.getUint32(at + ADDRESS_OFFSET.valueSize),
  };
}

/** A run of records over one buffer. Record i begins at `offsets[i]`: kind u8, key length u16, key. */
export interface KeyRun {
  readonly buffer: Buffer;
  /** Positions in the buffer, oldest record first; `count` of them are valid. */
  readonly offsets: Int32Array;
  readonly count: number;
}

/** Whether a run begins with a secondary, that is, inside a group. It must hold a record. */
export function beginsInGroup({ buffer, offsets }: KeyRun): boolean {
  return !isPrimaryAt(buffer, offsets[0] as number);
}

/** The most records that a number of bytes can hold. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes / RECORD_OVERHEAD);
}

/** The record at `at` and the offset after it; null when it is torn at `end`. The key is a copy. */
export function decodeRecord(
  buf: Buffer,
  at: number,
  end: number = buf.length,
): { record: KeyRecord; next: number } | null {
  const next = nextRecord(buf, at, Math.min(end, buf.length));
  if (next === -1) return null;
  const address = next - ADDRESS_SIZE;
  const record = {
    kind: buf.readUInt8(at + RECORD_OFFSET.kind),
    key: Buffer.from(buf.subarray(at + RECORD_OFFSET.key, address)),
    segment: buf.readUInt32BE(address + ADDRESS_OFFSET.segment),
    offset: buf.readUInt32BE(address + ADDRESS_OFFSET.offset),
    shard: buf.readUInt8(address + ADDRESS_OFFSET.shard),
    valueSize: buf.readUInt32BE(address + ADDRESS_OFFSET.valueSize),
  };
  return { record, next };
}

function refuseOutOfRange(value: number, max: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RollbackError('ERR_DEFECT', { what: `A key record cannot hold a ${field} of ${value}` });
  }
}

/** The bytes of a record; any one-byte kind is written as it is. ERR_DEFECT for a field out of range. */
export function encodeRecord(record: KeyRecord): Buffer {
  refuseOutOfRange(record.kind, 0xff, 'kind');
  refuseOutOfRange(record.key.length, MAX_KEY_LENGTH, 'key length');
  refuseOutOfRange(record.segment, MAX_U32, 'segment');
  refuseOutOfRange(record.offset, MAX_U32, 'offset');
  refuseOutOfRange(record.shard, 0xff, 'shard');
  refuseOutOfRange(record.valueSize, MAX_U32, 'value size');
  const bytes = Buffer.alloc(RECORD_OVERHEAD + record.key.length);
  const address = bytes.length - ADDRESS_SIZE;
  bytes.writeUInt8(record.kind, RECORD_OFFSET.kind);
  bytes.writeUInt16BE(record.key.length, RECORD_OFFSET.keyLength);
  bytes.set(record.key, RECORD_OFFSET.key);
  bytes.writeUInt32BE(record.segment, address + ADDRESS_OFFSET.segment);
  bytes.writeUInt32BE(record.offset, address + ADDRESS_OFFSET.offset);
  bytes.writeUInt8(record.shard, address + ADDRESS_OFFSET.shard);
  bytes.writeUInt32BE(record.valueSize, address + ADDRESS_OFFSET.valueSize);
  return bytes;
}
