/** Blocks of a table: their place, checksum and compression, and the entries in them. */
import { decompress } from 'fzstd';
import { storedCrc } from './crc.ts';
import { Cursor } from './cursor.ts';
import { PebbleRefusal } from './refusal.ts';

/** A file that is read in parts. `read` gives exactly the bytes that were asked for, which lie inside `size`. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  readonly read: (position: number, length: number) => Buffer;
}

/** Where a block lies (bytes). */
export interface BlockHandle {
  readonly offset: number;
  readonly length: number;
}

/** Behind each block: compression and checksum (bytes). */
const BLOCK_TRAILER = 5;
/** Larger blocks are refused, as they lie there and as they are (bytes). LittDB's stores write 32 KiB. */
const MAX_BLOCK_BYTES = 8 * 1024 * 1024;

const COMPRESSION = { none: 0, zstd: 7 } as const;
/** A frame of zstd: magic, then a descriptor that says how its size is written. */
const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_PREFIX = 5;

/** A handle: offset and length. @throws PebbleRefusal */
export function readHandle(cursor: Cursor): BlockHandle {
  return { offset: cursor.varint(), length: cursor.varint() };
}

/**
 * The content of a block.
 * @param what the block is called in refusals
 * @throws PebbleRefusal table-files
 */
export function readBlock(
  source: ByteSource,
  { offset, length }: BlockHandle,
  what: 'meta' | 'data',
): Buffer {
  if (offset + length + BLOCK_TRAILER > source.size) throw refusal(`${what} block behind the file`);
  if (length > MAX_BLOCK_BYTES) throw refusal(`${what} block too large`);
  const bytes = source.read(offset, length + BLOCK_TRAILER);
  const compression = bytes[length];
  if (what === 'meta' && compression !== COMPRESSION.none) throw refusal('compressed meta block');
  if (storedCrc(bytes, 0, length + 1) !== bytes.readUInt32LE(length + 1))
    throw refusal(`${what} block checksum`);
  const content = bytes.subarray(0, length);
  if (compression === COMPRESSION.none) return content;
  if (compression === COMPRESSION.zstd) return unpackZstd(content);
  throw refusal(`block compression ${compression}`);
}

/** The length stands before the frame, and inside it again: both must agree before anything is allocated. */
function unpackZstd(bytes: Buffer): Buffer {
  const cursor = new Cursor(bytes, 'table-files');
  const length = cursor.varint();
  const frame = bytes.subarray(cursor.at);
  if (length > MAX_BLOCK_BYTES || frameSize(frame) !== length) throw refusal('size of a zstd block');
  try {
    return Buffer.from(decompress(frame, new Uint8Array(length)));
  } catch (error) {
    throw refusal(`zstd block: ${(error as Error).message}`);
  }
}

/** The size of the content that a frame declares; null where it declares none. */
function frameSize(frame: Buffer): number | null {
  if (frame.length < ZSTD_PREFIX || frame.readUInt32LE(0) !== ZSTD_MAGIC) return null;
  const flags = frame[4] as number;
  const isSingle = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] as number;
  const at = ZSTD_PREFIX + (isSingle ? 0 : 1) + dictionaryBytes;
  const bytes = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6] as number;
  if (bytes === 0 || at + bytes > frame.length) return null;
  if (bytes === 8) return Number(frame.readBigUInt64LE(at));
  return frame.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

/** One entry of a block; both are good until the block goes. */
export interface BlockEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * The entries of a block, in order. Each key has its first bytes from the one before.
 * @throws PebbleRefusal table-files
 */
export function* entriesOf(block: Buffer): Generator<BlockEntry, void, void> {
  const WORD = 4;
  const restarts = block.length >= WORD ? block.readUInt32LE(block.length - WORD) : -1;
  const end = block.length - WORD * (restarts + 1);
  if (restarts < 0 || end < 0) throw refusal('restarts of a block');
  const cursor = new Cursor(block, 'table-files', 0, end);
  let key: Buffer = Buffer.alloc(0);
  while (cursor.left > 0) {
    const shared = cursor.varint();
    const own = cursor.varint();
    const valueBytes = cursor.varint();
    if (shared > key.length || own + valueBytes > cursor.left)
      throw refusal('entry past the end of its block');
    const from = cursor.at;
    key = Buffer.concat([key.subarray(0, shared), block.subarray(from, from + own)]);
    cursor.at = from + own + valueBytes;
    yield { key, value: block.subarray(from + own, cursor.at) };
  }
}

function refusal(found: string): PebbleRefusal {
  return new PebbleRefusal('table-files', found);
}
