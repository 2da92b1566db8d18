/** Copies ranges of files, and makes new files that look like old ones. */
import { hasErrno, RollbackError } from '../errors.ts';
import { NO_LINKS, syncFile } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { give, giveLike } from '../store/ownership.ts';
import { lstatOrNull } from '../store/roots.ts';

/** Bytes `[start, end)`. */
export type Range = readonly [number, number];

/** Bytes copied at once. */
const COPY_BYTES = 1024 * 1024;
const OWNER_WRITES = 0o200;

/** A file whose place or looks another one takes. */
export interface Model {
  readonly path: string;
  readonly stat: FileStat;
}

/**
 * Creates a file with the owner, mode, access list and extended attributes of another, synced; its directory is not
 * synced. A file that an interrupted run left under this name was never used, so it is replaced.
 */
export function createLike(fs: DurableFs, path: string, model: Model, write: (fd: number) => void): void {
  makeLike(
    fs,
    path,
    model,
    (fd) => write(fd),
    (fd) => fs.fsync(fd),
  );
}

/** Like createLike(), but not synced: for trials. */
export function makeLike(
  fs: DurableFs,
  path: string,
  model: Model,
  write: (fd: number) => void,
  finish: (fd: number) => void = () => {},
): void {
  create(fs, path, (fd) => {
    write(fd);
    lookLike(fs, fd, path, model);
    finish(fd);
  });
}

/** Creates a copy of ranges of a file, for undo: with its owner and mode, and with its exact times. */
export function createTail(fs: DurableFs, path: string, model: Model, ranges: readonly Range[]): void {
  create(fs, path, (fd) => {
    copyRanges(fs, model.path, fd, ranges);
    give(fs, fd, fs.lstat(path), model.stat);
    fs.chmod(fd, model.stat.mode);
    fs.copyAttributes(model.path, path, 'times');
    fs.fsync(fd);
  });
}

function create(fs: DurableFs, path: string, fill: (fd: number) => void): void {
  if (lstatOrNull(fs, path) !== null) fs.unlink(path);
  const fd = fs.open(path, 'wx', 0o600);
  try {
    fill(fd);
  } finally {
    fs.close(fd);
  }
}

/** The owner first: a change of owner clears set-id bits, and what a file may do. */
function lookLike(fs: DurableFs, fd: number, path: string, { path: from, stat }: Model): void {
  giveLike(fs, fd, fs.lstat(path), stat);
  if (!fs.copyAttributes(from, path, 'access')) fs.chmod(fd, stat.mode);
}

/**
 * Creates a file from the first `to` bytes of another, like createLike(): sharing its blocks where the file
 * system can, copying elsewhere.
 */
export function createPrefix(fs: DurableFs, path: string, model: Model, to: number): void {
  if (lstatOrNull(fs, path) !== null) fs.unlink(path);
  if (!fs.reflink(model.path, path)) {
    createLike(fs, path, model, (fd) => copyRanges(fs, model.path, fd, [[0, to]]));
    return;
  }
  // It has the mode of the other one, which this user may be allowed to exchange and not to write.
  if ((model.stat.mode & OWNER_WRITES) === 0) fs.chmod(path, model.stat.mode | OWNER_WRITES);
  const fd = fs.open(path, 'r+');
  try {
    fs.truncate(fd, to);
    lookLike(fs, fd, path, model);
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Creates a copy of a whole file, like createPrefix(), with its times. */
export function createCopy(fs: DurableFs, path: string, model: Model): void {
  createPrefix(fs, path, model, model.stat.size);
  if (!fs.copyAttributes(model.path, path, 'times')) fs.utimes(path, model.stat.mtimeNs);
  syncFile(fs, path);
}

/**
 * Keeps a file by a second link; where there is none to be had, by a copy with its times. The file keeps its name until
 * another takes it: the engine, opened by force, would drop a newest segment that lacks a file. False where a copy would
 * have another owner, or lose links: then the file itself has to go. Raw errors.
 * @param copy where a copy is prepared
 */
export function keepBeside(fs: DurableFs, old: Model, original: string, copy: string): boolean {
  try {
    fs.link(old.path, original);
    return true;
  } catch (error) {
    if (!hasErrno(error, ...NO_LINKS)) throw error;
  }
  if (old.stat.nlink > 1) return false;
  createCopy(fs, copy, old);
  const { uid, gid } = fs.lstat(copy);
  if (uid !== old.stat.uid || gid !== old.stat.gid) return false;
  fs.rename(copy, original);
  return true;
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
