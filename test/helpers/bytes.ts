/**
 * Byte builders and readers for the engine's files, written from the format's description and independently of
 * lib/format: tests must not check the program against itself. Plain and slow on purpose.
 */

export const STANDALONE = 0;
export const PRIMARY = 1;
export const SECONDARY = 2;
export const LAST_SECONDARY = 3;

/** Where a value lies in its shard's file. */
export interface AddressSpec {
  readonly offset: number;
  readonly shard: number;
  readonly size: number;
}

/** One key record. */
export interface RecordSpec extends AddressSpec {
  readonly kind: number;
  readonly key: Buffer;
  readonly segment: number;
}

/** A record as it was found in a key file: bytes `[start, end)`. */
export interface FoundRecord extends RecordSpec {
  readonly start: number;
  readonly end: number;
}

/** The fields of a metadata file. */
export interface MetaFields {
  readonly version: number;
  readonly shards: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
  readonly count: number;
  readonly sealed: boolean;
  readonly compression: number;
}

/** The bytes of one key record. */
export function record(spec: RecordSpec): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(spec.kind, 0);
  head.writeUInt16BE(spec.key.length, 1);
  const tail = Buffer.alloc(13);
  tail.writeUInt32BE(spec.segment, 0);
  tail.writeUInt32BE(spec.offset, 4);
  tail.writeUInt8(spec.shard, 8);
  tail.writeUInt32BE(spec.size, 9);
  return Buffer.concat([head, spec.key, tail]);
}

/** The bytes of a whole group: the first member is the primary, kinds are chosen as the engine does. */
export function group(segment: number, members: readonly (AddressSpec & { readonly key: Buffer })[]): Buffer {
  return Buffer.concat(
    members.map((member, i) => record({ ...member, segment, kind: kindOf(i, members.length) })),
  );
}

/** The kind of member `i` of a group of `length` records. */
export function kindOf(i: number, length: number): number {
  if (length === 1) return STANDALONE;
  if (i === 0) return PRIMARY;
  return i === length - 1 ? LAST_SECONDARY : SECONDARY;
}

/** The bytes of a metadata file, version 3 (18 bytes) or 4 (19 bytes). */
export function metadata(fields: MetaFields): Buffer {
  const bytes = Buffer.alloc(fields.version === 3 ? 18 : 19);
  bytes.writeUInt32BE(fields.version, 0);
  bytes.writeUInt8(fields.shards, 4);
  bytes.writeBigUInt64BE(fields.timestamp, 5);
  bytes.writeUInt32BE(fields.count, 13);
  bytes.writeUInt8(fields.sealed ? 1 : 0, 17);
  if (bytes.length === 19) bytes.writeUInt8(fields.compression, 18);
  return bytes;
}

/** Reads a metadata file; throws on anything the format does not allow. */
export function readMetadata(bytes: Buffer): MetaFields {
  const version = bytes.readUInt32BE(0);
  const expected = version === 3 ? 18 : 19;
  if ((version !== 3 && version !== 4) || bytes.length !== expected) {
    throw new Error(`metadata of version ${version} with ${bytes.length} bytes`);
  }
  return {
    version,
    shards: bytes.readUInt8(4),
    timestamp: bytes.readBigUInt64BE(5),
    count: bytes.readUInt32BE(13),
    sealed: bytes.readUInt8(17) === 1,
    compression: version === 4 ? bytes.readUInt8(18) : 0,
  };
}

/** Every whole record of a key file, oldest first; a torn last record is left out. */
export function readRecords(bytes: Buffer): FoundRecord[] {
  const found: FoundRecord[] = [];
  let start = 0;
  while (start + 16 <= bytes.length) {
    const length = bytes.readUInt16BE(start + 1);
    const end = start + 16 + length;
    if (end > bytes.length) break;
    const address = end - 13;
    found.push({
      kind: bytes.readUInt8(start),
      key: bytes.subarray(start + 3, start + 3 + length),
      segment: bytes.readUInt32BE(address),
      offset: bytes.readUInt32BE(address + 4),
      shard: bytes.readUInt8(address + 8),
      size: bytes.readUInt32BE(address + 9),
      start,
      end,
    });
    start = end;
  }
  return found;
}

/** Bytes that look random and follow from the seed alone (xorshift32). */
export function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
  for (let i = 0; i < length; i += 1) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    bytes[i] = state & 0xff;
  }
  return bytes;
}
