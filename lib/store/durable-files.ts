/**
 * Whole small files, written so that a crash leaves the old content or the new, never a mixture.
 *
 * Order of a write, each step after the one before it has succeeded: temporary file beside the target, content,
 * owner, mode, fsync, close, rename over the target, fsync of the directory. A failed fsync proves nothing
 * about what reached the disk, so nothing after it runs: the target keeps its old content.
 */
import { basename, dirname, join } from 'node:path';
import { type ErrorCode, hasErrno, RollbackError } from '../errors.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { give } from './ownership.ts';
import { lstatOrNull } from './roots.ts';

/**
 * Creates a file under a temporary name of this program, synced. Only an interrupted write of this program
 * leaves such a name, and the database is locked during a write: an existing file is replaced. On a raw error
 * the new file is gone.
 */
export function createTemporary(fs: DurableFs, path: string, bytes: Uint8Array, owner: FileOwner): void {
  try {
    createFileDurably(fs, path, bytes, owner);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    fs.unlink(path);
    createFileDurably(fs, path, bytes, owner);
  }
}

/** Permission bits and owner of a file; what is left out stays as the system creates it. */
export interface FileOwner {
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

const TEMPORARY_SUFFIX = '.litt-rollback-tmp';

/**
 * Where `writeFileDurably` prepares a file: a fixed name beside it, so that a repeated write after a crash also
 * clears away what the first attempt left. The engine acts on none of these names, and its clean-up does not
 * touch them.
 */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}${TEMPORARY_SUFFIX}`);
}

/** Whether a name, without its directory, is one that `temporaryName` gives. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith('.') && name.endsWith(TEMPORARY_SUFFIX);
}

/**
 * Creates `path` with these bytes, synced; its directory is not synced. Raw errors of the file system, EEXIST
 * when there is such a file; after any other one the new file is gone again.
 */
export function createFileDurably(fs: DurableFs, path: string, bytes: Uint8Array, owner: FileOwner): void {
  createFile(fs, path, bytes, owner, (fd) => fs.fsync(fd));
}

/** Like createFileDurably(), but not synced: for files that mean nothing after a power cut. */
export function createPassingFile(fs: DurableFs, path: string, bytes: Uint8Array, owner: FileOwner): void {
  createFile(fs, path, bytes, owner, () => {});
}

/** Syncs an existing file: its content may not have been durable when a process died. */
export function syncFile(fs: DurableFs, path: string): void {
  const fd = fs.open(path, 'r');
  try {
    fs.fsync(fd);
  } finally {
    fs.close(fd);
  }
}

/** Opens a file for reading and writing; null where this user may not write to it. Raw errors. */
export function openToWrite(fs: DurableFs, path: string): number | null {
  try {
    return fs.open(path, 'r+');
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'ETXTBSY')) return null;
    throw error;
  }
}

function createFile(
  fs: DurableFs,
  path: string,
  bytes: Uint8Array,
  owner: FileOwner,
  finish: (fd: number) => void,
): void {
  const fd = fs.open(path, 'wx');
  try {
    try {
      fs.writeAt(fd, bytes, 0);
      applyOwner(fs, fd, path, owner);
      finish(fd);
    } finally {
      fs.close(fd);
    }
  } catch (error) {
    removeQuietly(fs, path);
    throw error;
  }
}

/**
 * Replaces or creates `path` with these bytes, durable when it returns. Raw errors of the file system; when
 * one is thrown before the rename, the target is as it was and the temporary file is gone.
 */
export function writeFileDurably(fs: DurableFs, path: string, bytes: Uint8Array, owner: FileOwner): void {
  const temporary = temporaryName(path);
  createTemporary(fs, temporary, bytes, owner);
  try {
    fs.rename(temporary, path);
  } catch (error) {
    removeQuietly(fs, temporary);
    throw error;
  }
  fs.fsyncDir(dirname(path));
}

function applyOwner(fs: DurableFs, fd: number, path: string, owner: FileOwner): void {
  const now = fs.lstat(path);
  give(fs, fd, now, { uid: owner.uid ?? now.uid, gid: owner.gid ?? now.gid });
  // After the owner, because a change of owner clears set-id bits; and fchmod, because open obeys the umask.
  fs.chmod(fd, owner.mode);
}

/** What `link` answers where the file system has no hard links. */
export const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** Moves a file to a name that is free; false when it is taken. Raw errors. */
export function moveIfFree(fs: DurableFs, from: string, to: string): boolean {
  try {
    fs.link(from, to);
    fs.unlink(from);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    if (!hasErrno(error, ...NO_LINKS)) throw error;
    if (lstatOrNull(fs, to) !== null) return false;
    fs.rename(from, to);
    return true;
  }
}

/**
 * Creates `path` whole and given away from the first moment that it has this name: a run that dies leaves none that is
 * torn, or that belongs to root. False when the name is taken. Its directory is not synced. Raw errors.
 * @param prepared the name that it has until then
 */
export function createAtOnce(
  fs: DurableFs,
  path: string,
  prepared: string,
  create: (prepared: string) => void,
): boolean {
  create(prepared);
  try {
    if (moveIfFree(fs, prepared, path)) return true;
  } catch (error) {
    removeQuietly(fs, prepared);
    throw error;
  }
  removeQuietly(fs, prepared);
  return false;
}

/** Removes a file of our own that is no longer needed, where a failure must not hide the first error. */
export function removeQuietly(fs: DurableFs, path: string): void {
  try {
    fs.unlink(path);
  } catch {
    // If it stays, the engine ignores it and the next write of the same file replaces it.
  }
}

/**
 * The stat of `path`, if it is a regular file. ERR_SYMBOLIC_LINK or ERR_NOT_A_REGULAR_FILE for anything else;
 * raw errors of the file system (ENOENT among them).
 */
export function openableFileStat(fs: DurableFs, path: string): FileStat {
  const stat = fs.lstat(path);
  if (stat.kind === 'file') return stat;
  if (stat.kind === 'link') {
    throw new RollbackError(
      'ERR_SYMBOLIC_LINK',
      {
        what: 'A symbolic link lies where the engine creates a regular file',
        why: 'Following it could read or change files outside the database',
        next: 'Put the real file in its place; if this is a snapshot, give the database instead',
      },
      { path },
    );
  }
  throw new RollbackError(
    'ERR_NOT_A_REGULAR_FILE',
    {
      what: `A ${stat.kind === 'directory' ? 'directory' : 'special file'} lies where a regular file belongs`,
      next: 'Find out what put it there, and move it away',
    },
    { path },
  );
}

/**
 * The whole content of a regular file of at most `maxBytes` bytes. Refuses a longer one with `tooLong`, anything
 * but a regular file as `openableFileStat` does, and a file that changes its size meanwhile with
 * ERR_CHANGED_WHILE_READING. Raw errors of the file system otherwise.
 */
export function readSmallFile(
  fs: DurableFs,
  path: string,
  maxBytes: number,
  tooLong: ErrorCode = 'ERR_METADATA',
): Buffer {
  const { size } = openableFileStat(fs, path);
  if (size > maxBytes) {
    const what = `The file has ${size} bytes where at most ${maxBytes} make sense`;
    throw new RollbackError(tooLong, { what, next: 'Restore the file from a backup' }, { path });
  }
  const fd = fs.open(path, 'r');
  try {
    // One byte more than expected: only reading up to the end proves that the size is still right.
    const buffer = Buffer.alloc(size + 1);
    const count = fs.readAt(fd, buffer, 0);
    if (count === size) return buffer.subarray(0, size);
  } finally {
    fs.close(fd);
  }
  const what = `The file had ${size} bytes and has another size now`;
  const next = 'Stop whatever writes here, and run the same command again';
  throw new RollbackError('ERR_CHANGED_WHILE_READING', { what, next }, { path });
}
