/**
 * Who holds a directory's `litt.lock`. The judgement is the engine's own, so that this program goes on exactly
 * where the engine would, and stops where the engine would. Reads only.
 */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { parseLockText } from '../format/lock-text.ts';
import { describeText } from '../format/printable.ts';
import { openableFileStat } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';

/** Name of the lock file, in every root and in the snapshot directory. */
export const LOCK_FILE = 'litt.lock';

/** Lock texts have about 50 bytes; of a longer file only the beginning is read, and it is never stale. */
const MAX_LOCK_SIZE = 64 * 1024;

const READ_ATTEMPTS = 10;

/** How long the engine may take from creating its lock to writing the text into it (milliseconds). */
const EMPTY_LOCK_PATIENCE = 100;

/** A lock file that exists. */
export type FoundLock = {
  /** Absolute if the directory's path was. */
  readonly path: string;
  /** Its content; null when this user may not read it. Untrusted: escape it before printing. */
  readonly text: string | null;
  /** As written, RFC 3339. */
  readonly since: string | null;
} & (
  | { readonly state: 'held' | 'stale'; readonly pid: number }
  | { readonly state: 'unreadable'; readonly pid: null }
);

/** What `inspectLock` tells. `stale`: of a dead process, may be taken over. `unreadable`: names no process. */
export type LockState = { readonly state: 'free' } | FoundLock;

/** A lock together with the file it was read from, so that a later look can tell whether it is still that one. */
export interface ExaminedLock {
  readonly lock: FoundLock;
  readonly stat: FileStat;
  readonly bytes: Buffer | null;
}

/**
 * Whether a process exists. One that may not be signalled (EPERM) counts as alive, and so does every failure
 * but "no such process"; numbers below 1 name no process.
 */
export function isProcessAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

/**
 * The state of the lock in a directory; changes nothing. ERR_SYMBOLIC_LINK or ERR_NOT_A_REGULAR_FILE when the
 * lock is no regular file, ERR_LOCKED when it keeps changing hands, ERR_IO when it cannot be looked at.
 */
export function inspectLock(fs: DurableFs, dir: string): LockState {
  return examineLock(fs, join(dir, LOCK_FILE), isProcessAlive)?.lock ?? { state: 'free' };
}

/** Like `inspectLock`, for a lock file's path, with what identifies the file; null when there is none. */
export function examineLock(
  fs: DurableFs,
  path: string,
  isAlive: (pid: number) => boolean,
): ExaminedLock | null {
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const seen = readOnce(fs, path);
    if (seen === 'free') return null;
    if (seen === 'changing') continue;
    // Without a second look, a node that is just starting would pass for a broken lock to be removed by hand.
    if (seen.bytes?.length === 0 && attempt === 0) sleep(EMPTY_LOCK_PATIENCE);
    else return { ...seen, lock: classifyLock(path, seen.bytes, isAlive) };
  }
  throw new RollbackError(
    'ERR_LOCKED',
    {
      what: 'The lock changes hands faster than it can be read',
      why: 'Some process starts and stops with this database',
      next: 'Stop the node and whatever restarts it, then run the same command again',
    },
    { path },
  );
}

function readOnce(fs: DurableFs, path: string): Omit<ExaminedLock, 'lock'> | 'free' | 'changing' {
  try {
    const stat = openableFileStat(fs, path);
    const bytes = readBeginning(fs, path, stat.size);
    return sameFile(stat, fs.lstat(path)) ? { stat, bytes } : 'changing';
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'free';
    // A link put in place between the two looks: the next look names it.
    if (hasErrno(error, 'ELOOP')) return 'changing';
    throw ioError(error, path, 'read the lock file');
  }
}

function readBeginning(fs: DurableFs, path: string, size: number): Buffer | null {
  let fd: number;
  try {
    fd = fs.open(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM')) return null;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(Math.min(MAX_LOCK_SIZE, size) + 1);
    return buffer.subarray(0, fs.readAt(fd, buffer, 0));
  } finally {
    fs.close(fd);
  }
}

/** Whether two looks saw one unchanged file. Inode numbers are reused at once, so they alone prove nothing. */
export function sameFile(a: FileStat, b: FileStat): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.mtimeNs === b.mtimeNs && a.size === b.size;
}

function classifyLock(path: string, bytes: Buffer | null, isAlive: (pid: number) => boolean): FoundLock {
  if (bytes === null) return { state: 'unreadable', path, text: null, since: null, pid: null };
  const text = bytes.subarray(0, MAX_LOCK_SIZE).toString('utf8');
  const { pid, since } = parseLockText(text);
  // The end of a longer text is unknown, a process number cut in two included.
  if (pid === null || bytes.length > MAX_LOCK_SIZE)
    return { state: 'unreadable', path, text, since, pid: null };
  return { state: isAlive(pid) ? 'held' : 'stale', path, text, since, pid };
}

/** The refusal for a lock that may not be taken over: ERR_LOCKED or ERR_LOCK_UNREADABLE. */
export function lockedError(dir: string, lock: FoundLock): RollbackError {
  return lock.state === 'unreadable' ? lockUnreadableError(dir, lock) : lockHeldError(dir, lock);
}

function lockHeldError(dir: string, lock: FoundLock): RollbackError {
  const since = lock.since === null ? '' : ` since ${lock.since}`;
  const next =
    lock.pid === process.pid
      ? 'That is the number of this very process: release its first lock. If a restarted container gave an old ' +
        'number out again, make sure that nothing has the database open, then remove the lock file'
      : `Stop process ${lock.pid} and run the same command again. If that process is no node, but only got the ` +
        'number of one that crashed, remove the lock file';
  const what = `${dir} is locked by process ${lock.pid}${since}`;
  const why = 'A node that has the database open would write between our changes';
  return new RollbackError('ERR_LOCKED', { what, why, next }, { path: lock.path });
}

function lockUnreadableError(dir: string, lock: FoundLock): RollbackError {
  if (lock.text === null) {
    const what = `${dir} is locked, and this user may not read the lock`;
    const next = "Run as the node's user or as root";
    return new RollbackError('ERR_LOCK_UNREADABLE', { what, next }, { path: lock.path });
  }
  return new RollbackError(
    'ERR_LOCK_UNREADABLE',
    {
      what: `${dir} is locked, and the lock names no process; it says ${describeText(Buffer.from(lock.text), 400)}`,
      why: 'Whether its owner still works on the database cannot be told; the engine refuses here too',
      next:
        'If that text tells what to do, do that. Otherwise make sure that nothing has the database open, then ' +
        'remove the lock file',
    },
    { path: lock.path },
  );
}

/** Waits without giving control to anything else in this process. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
