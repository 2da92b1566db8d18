/** Segment metadata: one small fixed-size record per segment. */
import { RollbackError } from '../errors.ts';
import { MAX_U32 } from './decimal-u32.ts';

/** Where each field of `N.metadata` lies (bytes from the start; big-endian). */
const OFFSET = {
  version: 0,
  shardingFactor: 4,
  lastValueTimestamp: 5,
  keyCount: 13,
  sealed: 17,
  compression: 18,
} as const;

/** Size in bytes of the whole file, by version: version 4 added the compression byte. */
const METADATA_SIZE = { 3: 18, 4: 19 } as const;

/** More than any valid metadata file has, for a caller's read limit (bytes). */
export const MAX_METADATA_SIZE = 64;

const SEALED = 1;
const MAX_U8 = 0xff;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

/** The fields of `N.metadata`. */
export interface SegmentMetadata {
  readonly version: 3 | 4;
  /** Number of value files, 1..255. */
  readonly shardingFactor: number;
  /** Wall clock at sealing, nanoseconds since 1970; 0 while unsealed. */
  readonly lastValueTimestamp: bigint;
  /** Records in the key file, secondaries included; 0 while unsealed. */
  readonly keyCount: number;
  readonly sealed: boolean;
  /** 0 none, 1 S2. */
  readonly compression: 0 | 1;
}

function metadataError(what: string, offset?: number): RollbackError {
  return new RollbackError(
    'ERR_METADATA',
    {
      what,
      why: 'Without sound metadata the records and value files of this segment cannot be told',
      next: 'Restore the file from a backup; nothing was changed',
    },
    { offset },
  );
}

/**
 * Reads a whole metadata file. ERR_UNSUPPORTED_VERSION for a version other than 3 or 4, which is checked first,
 * as in the engine; ERR_METADATA for a wrong size, no shards, or an unknown compression.
 */
export function decodeMetadata(bytes: Uint8Array): SegmentMetadata {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.length < OFFSET.shardingFactor) {
    throw metadataError(`The metadata has ${view.length} bytes, too few to hold its version`);
  }
  const version = view.readUInt32BE(OFFSET.version);
  if (version !== 3 && version !== 4) {
    throw new RollbackError('ERR_UNSUPPORTED_VERSION', {
      what: `The metadata has version ${version}; only 3 and 4 are understood`,
      why: 'Another version may lay out its files differently',
      next: 'Use a release of this program that knows the version, or restore the file if it is damaged',
    });
  }
  if (view.length !== METADATA_SIZE[version]) {
    const right = METADATA_SIZE[version];
    throw metadataError(`The metadata has ${view.length} bytes where version ${version} has ${right}`);
  }
  const shardingFactor = view.readUInt8(OFFSET.shardingFactor);
  if (shardingFactor === 0) throw metadataError('The sharding factor is 0', OFFSET.shardingFactor);
  const compression = version === 3 ? 0 : view.readUInt8(OFFSET.compression);
  if (compression !== 0 && compression !== 1) {
    throw metadataError(`The compression ${compression} is unknown`, OFFSET.compression);
  }
  return {
    version,
    shardingFactor,
    lastValueTimestamp: view.readBigUInt64BE(OFFSET.lastValueTimestamp),
    keyCount: view.readUInt32BE(OFFSET.keyCount),
    sealed: saysSealed(view),
    compression,
  };
}

/** Whether the bytes of a metadata file mark its segment as sealed; the other bytes are not checked. */
export function saysSealed(bytes: Uint8Array): boolean {
  // The engine takes any value but 1 as unsealed, and would seal the segment at its next start.
  return bytes[OFFSET.sealed] === SEALED;
}

function refuseUnless(ok: boolean, field: string, value: unknown): void {
  if (!ok) throw new RollbackError('ERR_DEFECT', { what: `Metadata cannot hold a ${field} of ${value}` });
}

function isIntegerUpTo(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/**
 * A metadata file in its own version: an engine from before version 4 refuses a database that holds a single
 * file of version 4. ERR_DEFECT for a field out of range.
 */
export function encodeMetadata(metadata: SegmentMetadata): Buffer {
  const { version, shardingFactor, lastValueTimestamp, keyCount, sealed, compression } = metadata;
  refuseUnless(
    isIntegerUpTo(shardingFactor, MAX_U8) && shardingFactor > 0,
    'sharding factor',
    shardingFactor,
  );
  refuseUnless(lastValueTimestamp >= 0n && lastValueTimestamp <= MAX_U64, 'timestamp', lastValueTimestamp);
  refuseUnless(isIntegerUpTo(keyCount, MAX_U32), 'key count', keyCount);
  refuseUnless(version === 3 || version === 4, 'version', version);
  refuseUnless(compression === 0 || (compression === 1 && version === 4), 'compression', compression);
  const bytes = Buffer.alloc(METADATA_SIZE[version]);
  bytes.writeUInt32BE(version, OFFSET.version);
  bytes.writeUInt8(shardingFactor, OFFSET.shardingFactor);
  bytes.writeBigUInt64BE(lastValueTimestamp, OFFSET.lastValueTimestamp);
  bytes.writeUInt32BE(keyCount, OFFSET.keyCount);
  bytes.writeUInt8(sealed ? SEALED : 0, OFFSET.sealed);
  if (version === 4) bytes.writeUInt8(compression, OFFSET.compression);
  return bytes;
}
