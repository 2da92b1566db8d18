/**
 * The file operations behind a lock, one directory at a time.
 *
 * Invariants:
 * - A lock of this program is complete from the first moment that it has its name: it is prepared and synced
 *   under a temporary name, then linked. A crash leaves no empty lock, which the engine would never take over.
 * - A lock that was not judged stale is never destroyed. A stale one is moved aside first, and read again
 *   there: if another process was faster and it is theirs, it goes back to its place by link, which replaces
 *   nothing.
 * - While anything lies aside, no other run of this program keeps a lock that it has placed meanwhile: it
 *   removes its lock and tries again. (Without this rule, ten processes racing for one stale lock had two
 *   winners in one of a hundred rounds.) The engine knows no such rule; against it, the two system calls of the
 *   move remain.
 * - A run removes a lock only if both its inode and its text are its own.
 */
import { errnoOf, hasErrno, ioError, isNoRoom, type RollbackError } from '../errors.ts';
import {
  createFileDurably,
  type FileOwner,
  NO_LINKS,
  readSmallFile,
  removeQuietly,
} from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { type ExaminedLock, sameFile, sleep } from './lock-state.ts';
import { othersHaveLockAside, temporaryLockName } from './lock-temporaries.ts';
import { isProcessAlive } from './process-identity.ts';
import { returnLock, type SpareFile } from './spare-file.ts';

/** How long to let another process finish what it does with the lock (milliseconds). */
export const RACE_PAUSE = 5;

const MOVE_BACK_ATTEMPTS = 20;

/** The dead process's lock that a lock of this program replaced. */
export interface StaleLock {
  readonly bytes: Buffer;
  readonly stat: FileStat;
}

/** A lock that this process created. */
export interface HeldLock {
  readonly dir: string;
  readonly path: string;
  readonly text: Buffer;
  readonly stat: FileStat;
  readonly stale: StaleLock | null;
  /** The file that became this lock, because there was no room for a new one. */
  readonly spare: SpareFile | null;
}

/**
 * Gives the prepared file the name of the lock and returns the lock's inode; null when there is a lock. Where
 * links do not exist the lock is created in place, as the engine does it. Raw errors.
 * @param isSpare whether there was no room for a new file
 */
export function putInPlace(
  fs: DurableFs,
  temporary: string,
  path: string,
  text: Buffer,
  owner: FileOwner,
  isSpare: boolean,
): FileStat | null {
  // Looked up before the link: a moment later another process may hold the lock (moveStaleAside).
  const stat = fs.lstat(temporary);
  try {
    fs.link(temporary, path);
    return stat;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return null;
    // Where a link needs an inode too (tmpfs). The engine could place a lock between the look and the rename.
    if (isSpare && isNoRoom(error) && !exists(fs, path)) {
      fs.rename(temporary, path);
      return stat;
    }
    if (!hasErrno(error, ...NO_LINKS)) throw error;
  }
  try {
    createFileDurably(fs, path, text, owner);
    return fs.lstat(path);
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return null;
    throw error;
  }
}

/** Removes the prepared file once its lock is in place: from then on it would only look like a lock at work. */
export function dropPrepared(fs: DurableFs, temporary: string): void {
  try {
    fs.unlink(temporary);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error; // renamed to the lock
  }
}

/** Takes a lock out of its place; the prepared file stays for the next attempt. */
export function withdraw(fs: DurableFs, placed: HeldLock, temporary: string): void {
  if (exists(fs, temporary)) giveBack(fs, [{ ...placed, spare: null }], false);
  else if (isOurs(fs, placed)) fs.rename(placed.path, temporary);
}

/**
 * Moves a lock that was judged stale out of the way and returns it; null when the file in its place is another
 * one by now, which then stays (or goes back) where it was. Raw errors.
 */
export function moveStaleAside(fs: DurableFs, dir: string, judged: ExaminedLock): StaleLock | null {
  const { path } = judged.lock;
  const aside = temporaryLockName(dir, 'aside');
  try {
    // The cheap check first: it limits the moment in which a living lock could be moved to two system calls.
    if (!sameFile(judged.stat, fs.lstat(path))) return null;
    fs.rename(path, aside);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
  if (judged.bytes !== null && isSame(fs, aside, judged.stat, judged.bytes)) {
    removeQuietly(fs, aside);
    return { bytes: judged.bytes, stat: judged.stat };
  }
  moveBack(fs, aside, path);
  return null;
}

function isSame(fs: DurableFs, path: string, stat: FileStat, bytes: Buffer): boolean {
  return sameFile(stat, fs.lstat(path)) && readSmallFile(fs, path, bytes.length).equals(bytes);
}

/**
 * Returns another process's living lock to its place. If another run of this program has taken the place, that
 * run withdraws (othersHaveLockAside); against an engine that starts in this very moment nothing helps.
 */
function moveBack(fs: DurableFs, aside: string, path: string): void {
  for (let attempt = 0; attempt < MOVE_BACK_ATTEMPTS; attempt++) {
    try {
      fs.link(aside, path);
      break;
    } catch (error) {
      // EPERM is also the answer for a file of another user, where the kernel protects hard links.
      if (hasErrno(error, ...NO_LINKS) && !exists(fs, path)) {
        fs.rename(aside, path);
        return;
      }
      if (!hasErrno(error, 'EEXIST', ...NO_LINKS)) throw error;
    }
    sleep(RACE_PAUSE);
  }
  removeQuietly(fs, aside);
}

function exists(fs: DurableFs, path: string): boolean {
  try {
    fs.lstat(path);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Puts a stale lock back after a failure, if its place is still free. Without it the engine opens just as well. */
export function putBackIfFree(fs: DurableFs, dir: string, path: string, stale: StaleLock): void {
  const temporary = temporaryLockName(dir, 'new');
  try {
    recreate(fs, temporary, stale);
    fs.link(temporary, path);
  } catch {
    // Another process took it meanwhile, or the trouble that led here: a missing stale lock blocks no process.
  }
  removeQuietly(fs, temporary);
}

function recreate(fs: DurableFs, path: string, { bytes, stat }: StaleLock): void {
  createFileDurably(fs, path, bytes, { mode: stat.mode, uid: stat.uid, gid: stat.gid });
  // A missing stale lock blocks no process, while the node could not read one with a wrong owner.
  if (fs.lstat(path).uid !== stat.uid) throw new Error('this user may not give the lock back to its owner');
  fs.utimes(path, stat.mtimeNs);
}

/**
 * Removes this process's locks, or replaces them by the stale ones they took over. Every lock is tried; the
 * first failure is returned as ERR_IO.
 */
export function giveBack(
  fs: DurableFs,
  held: readonly HeldLock[],
  putBackStale: boolean,
): RollbackError | null {
  let failure: RollbackError | null = null;
  for (const lock of held.toReversed()) {
    try {
      waitUntilSettled(fs, lock);
      if (!isOurs(fs, lock)) continue;
      if (putBackStale && lock.stale !== null && replaceByStale(fs, lock, lock.stale)) continue;
      if (lock.spare === null) fs.unlink(lock.path);
      else returnLock(fs, lock, lock.spare);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) continue;
      const state = 'Once this process has ended, the engine takes such a lock over';
      failure ??= ioError(error, lock.path, 'remove the lock file', state);
    }
  }
  return failure;
}

/** Another run that wanted a stale lock may have moved ours aside: removing it must wait until it is back. */
function waitUntilSettled(fs: DurableFs, lock: HeldLock): void {
  for (let attempt = 0; attempt < MOVE_BACK_ATTEMPTS; attempt++) {
    if (isOurs(fs, lock) || !othersHaveLockAside(fs, lock.dir, isProcessAlive)) return;
    sleep(RACE_PAUSE);
  }
}

/**
 * Inode numbers are reused and a lock may be rewritten in place with another text: both must agree.
 * @throws RollbackError ERR_IO when it cannot be told
 */
export function isOurs(fs: DurableFs, lock: HeldLock): boolean {
  try {
    const now = fs.lstat(lock.path);
    if (now.ino !== lock.stat.ino || now.dev !== lock.stat.dev) return false;
    return readSmallFile(fs, lock.path, lock.text.length).equals(lock.text);
  } catch (error) {
    // Gone, replaced by something other than a file, or another user's: this process can read its own lock.
    if (errnoOf(error) === null || hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM'))
      return false;
    throw ioError(error, lock.path, 'read the lock file');
  }
}

/** By one rename, so that the directory is never unlocked before it is free; false when that is impossible. */
function replaceByStale(fs: DurableFs, lock: HeldLock, stale: StaleLock): boolean {
  const temporary = temporaryLockName(lock.dir, 'new');
  try {
    recreate(fs, temporary, stale);
    fs.rename(temporary, lock.path);
    return true;
  } catch {
    // No space, or no right to give the file to its old owner. A missing stale lock blocks no process, while
    // the node could not read one with a wrong owner.
    removeQuietly(fs, temporary);
    return false;
  }
}
