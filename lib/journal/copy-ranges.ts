/** Copies ranges of files, and makes new files that look like old ones. */
import { RollbackError } from '../errors.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { giveLike } from '../store/ownership.ts';
import { lstatOrNull } from '../store/roots.ts';

/** Bytes `[start, end)`. */
export type Range = readonly [number, number];

/** Bytes copied at once. */
const COPY_BYTES = 1024 * 1024;

/**
 * Creates a file with the mode and owner of another, synced; its directory is not synced. A file that an
 * interrupted run left under this name was never used, so it is replaced.
 */
export function createLike(fs: DurableFs, path: string, like: FileStat, write: (fd: number) => void): void {
  if (lstatOrNull(fs, path) !== null) fs.unlink(path);
  const fd = fs.open(path, 'wx', 0o600);
  try {
    write(fd);
    finishLike(fs, fd, path, like);
  } finally {
    fs.close(fd);
  }
}

function finishLike(fs: DurableFs, fd: number, path: string, like: FileStat): void {
  giveLike(fs, fd, fs.lstat(path), like);
  fs.chmod(fd, like.mode & 0o7777);
  fs.fsync(fd);
}

/**
 * Creates a file from the first `to` bytes of another, like createLike(): sharing its blocks where the file
 * system can, copying elsewhere.
 */
export function createPrefix(fs: DurableFs, path: string, from: string, like: FileStat, to: number): void {
  if (lstatOrNull(fs, path) !== null) fs.unlink(path);
  if (!fs.reflink(from, path)) {
    createLike(fs, path, like, (fd) => copyRanges(fs, from, fd, [[0, to]]));
    return;
  }
  const fd = fs.open(path, 'r+');
  try {
    fs.truncate(fd, to);
    finishLike(fs, fd, path, like);
  } finally {
    fs.close(fd);
  }
}

/**
 * Writes ranges of a file one after the other to `target`, from byte `at` on.
 * @throws RollbackError ERR_PLAN_STALE when the file is shorter than a range; what the file system throws
 */
export function copyRanges(
  fs: DurableFs,
  from: string,
  target: number,
  ranges: readonly Range[],
  at = 0,
): void {
  const longest = ranges.reduce((most, [start, end]) => Math.max(most, end - start), 0);
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, longest));
  const source = fs.open(from, 'r');
  let written = at;
  try {
    for (const [start, end] of ranges) {
      for (let position = start; position < end; ) {
        const got = fs.readAt(source, buffer.subarray(0, Math.min(COPY_BYTES, end - position)), position);
        if (got === 0) {
          throw new RollbackError(
            'ERR_PLAN_STALE',
            { what: `A file ends before byte ${end}` },
            { path: from },
          );
        }
        fs.writeAt(target, buffer.subarray(0, got), written);
        position += got;
        written += got;
      }
    }
  } finally {
    fs.close(source);
  }
}
