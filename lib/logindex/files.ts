/** The files of a log-index: listed, fingerprinted, read in parts. */
import { join } from 'node:path';
import { ioError } from '../errors.ts';
import { BLOCK_BYTES } from '../pebble/record-reader.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import type { PebbleFiles } from '../pebble/store.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { closeAfterReading, openForReading, readFully, readRange } from '../store/reading.ts';
import { listDirectory } from '../store/roots.ts';
import type { FingerprintEntry } from '../types.ts';

/** Blocks of 32 KiB that are read at once. */
const BLOCKS_AT_ONCE = 32;

/** Pebble locks this file, and its size and time say nothing. */
const LOCK = 'LOCK';

/** Beginning and end of the name under which a log is prepared. Pebble passes over names that it does not know. */
const TEMPORARY = ['.litt-rollback.', '.tmp'] as const;

/** The name under which the transaction of this id prepares a log. */
export function preparedName(id: string): string {
  return TEMPORARY.join(id);
}

/** A file of a log-index, as lstat saw it. */
export interface ListedFile {
  readonly name: string;
  readonly stat: FileStat;
}

/** Every file but `LOCK` and what a rollback has prepared, by name. @throws RollbackError ERR_IO */
export function listLogIndex(fs: DurableFs, dir: string): ListedFile[] {
  const isPrepared = (name: string): boolean => name.startsWith(TEMPORARY[0]) && name.endsWith(TEMPORARY[1]);
  return listDirectory(fs, dir)
    .filter((name) => name !== LOCK && !isPrepared(name))
    .map((name) => {
      try {
        return { name, stat: fs.lstat(join(dir, name)) };
      } catch (error) {
        throw ioError(error, join(dir, name), 'look at a file');
      }
    });
}

/** What a plan was made from. */
export function fingerprintOfLogIndex(fs: DurableFs, dir: string): FingerprintEntry[] {
  return listLogIndex(fs, dir).map(({ name, stat }) => [
    'log-index',
    name,
    stat.size,
    stat.mtimeNs,
    stat.ino,
  ]);
}

/**
 * The files of a log-index for the parsers.
 * @throws PebbleRefusal unknown-file: a directory, a link
 */
export function pebbleFiles(fs: DurableFs, dir: string): PebbleFiles {
  const sizes = new Map<string, number>();
  for (const { name, stat } of listLogIndex(fs, dir)) {
    if (stat.kind !== 'file') throw new PebbleRefusal('unknown-file', `is a ${stat.kind}, not a file`, name);
    sizes.set(name, stat.size);
  }
  const sizeOf = (name: string): number => sizes.get(name) ?? 0;
  return {
    sizes,
    open: (name) => ({
      size: sizeOf(name),
      read: (position, length) => readRange(fs, join(dir, name), position, length),
    }),
    blocks: (name) => blocksOf(fs, join(dir, name), sizeOf(name)),
  };
}

/**
 * The blocks of a file, each good until the next one.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING
 */
export function* blocksOf(fs: DurableFs, path: string, size: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(BLOCKS_AT_ONCE * BLOCK_BYTES, Math.max(size, 1)));
  const fd = openForReading(fs, path);
  try {
    for (let at = 0; at < size; at += buffer.length) {
      const length = Math.min(buffer.length, size - at);
      readFully(fs, fd, path, buffer, at, length);
      for (let start = 0; start < length; start += BLOCK_BYTES)
        yield buffer.subarray(start, Math.min(start + BLOCK_BYTES, length));
    }
  } finally {
    closeAfterReading(fs, fd, path);
  }
}
