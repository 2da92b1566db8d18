/**
 * A lock where there is no room for a new file. A file of this program that means nothing any more becomes the lock: it
 * is renamed, and the text takes the place of its bytes, in the block that they have.
 */
import { dirname } from 'node:path';
import { isNoRoom } from '../errors.ts';
import { createFileDurably, type FileOwner, readSmallFile, removeQuietly } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { temporaryLockName } from './lock-temporaries.ts';
import { lstatOrNull } from './roots.ts';

/** Files of this program are marks and documents; a long one is not read to be returned. */
const MAX_SPARE_BYTES = 4096;

/** A file that became a lock. */
export interface SpareFile {
  /** Its place. */
  readonly from: string;
  /** Its content. */
  readonly bytes: Buffer;
  readonly stat: FileStat;
}

/**
 * Creates a file with these bytes, synced. Where there is no room for one, the first spare file that can be had
 * becomes it. Raw errors: that of the creation, when no spare file can be had.
 * @returns the spare file; null when a new file was created
 */
export function createOrBorrow(
  fs: DurableFs,
  path: string,
  bytes: Uint8Array,
  owner: FileOwner,
  spares: () => readonly string[],
): SpareFile | null {
  try {
    createFileDurably(fs, path, bytes, owner);
    return null;
  } catch (error) {
    if (!isNoRoom(error)) throw error;
    for (const from of spares()) {
      const spare = borrow(fs, from, path, bytes, owner);
      if (spare !== null) return spare;
    }
    throw error;
  }
}

/** Null when this file cannot be had; then it is where it was. */
function borrow(
  fs: DurableFs,
  from: string,
  path: string,
  bytes: Uint8Array,
  owner: FileOwner,
): SpareFile | null {
  try {
    const stat = fs.lstat(from);
    if (stat.kind !== 'file' || stat.nlink !== 1) return null;
    const spare = { from, bytes: readSmallFile(fs, from, MAX_SPARE_BYTES), stat };
    fs.rename(from, path);
    try {
      overwrite(fs, path, bytes, owner);
    } catch {
      returnSpare(fs, path, spare);
      return null;
    }
    return spare;
  } catch {
    return null; // another process was faster, or it lies on another file system: the next one may do
  }
}

/** Puts a spare file back as it was; where that cannot be done it is removed: nothing depends on it. */
export function returnSpare(fs: DurableFs, path: string, { from, bytes, stat }: SpareFile): void {
  try {
    overwrite(fs, path, bytes, stat);
    fs.utimes(path, stat.mtimeNs);
    if (lstatOrNull(fs, dirname(from)) !== null) fs.rename(path, from);
    else fs.unlink(path);
  } catch {
    removeQuietly(fs, path);
  }
}

/** Makes a lock the file again that it was. It leaves its place before its text changes. */
export function returnLock(fs: DurableFs, lock: { dir: string; path: string }, spare: SpareFile): void {
  const temporary = temporaryLockName(lock.dir, 'new');
  fs.rename(lock.path, temporary);
  returnSpare(fs, temporary, spare);
}

function overwrite(fs: DurableFs, path: string, bytes: Uint8Array, owner: FileOwner): void {
  const fd = fs.open(path, 'r+');
  try {
    fs.writeAt(fd, bytes, 0);
    fs.truncate(fd, bytes.length);
    fs.chmod(fd, owner.mode);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
}
