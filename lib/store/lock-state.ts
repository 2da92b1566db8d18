/**
 * The holder of a directory's `litt.lock`. The judgement is the engine's own, so that this program continues
 * exactly where the engine would, and stops where the engine would. Reads only.
 */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { type LockOwner, parseLockOwner, parseLockText } from '../format/lock-text.ts';
import { openableFileStat } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { isProcessAlive, livenessOf } from './process-identity.ts';

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
  | { readonly state: 'held' | 'stale' | 'elsewhere'; readonly pid: number }
  | { readonly state: 'unreadable'; readonly pid: null }
);

/**
 * The results of `inspectLock`. `stale`: of a dead process, may be taken over. `elsewhere`: this program took
 * it in another number space (a container's), so whether that process lives is unknown. `unreadable`: names no
 * process.
 */
export type LockState = { readonly state: 'free' } | FoundLock;

/**
 * A lock together with the file it was read from, so that a later check can tell whether it is still that one.
 */
export interface ExaminedLock {
  readonly lock: FoundLock;
  readonly stat: FileStat;
  readonly bytes: Buffer | null;
}

/**
 * The state of the lock in a directory; changes nothing. ERR_SYMBOLIC_LINK or ERR_NOT_A_REGULAR_FILE when the
 * lock is not a regular file, ERR_LOCKED when it keeps changing hands, ERR_IO when it cannot be read.
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

/** Whether two checks saw one unchanged file. Inode numbers are reused at once, so they alone prove nothing. */
export function sameFile(a: FileStat, b: FileStat): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.mtimeNs === b.mtimeNs && a.size === b.size;
}

function classifyLock(path: string, bytes: Buffer | null, isAlive: (pid: number) => boolean): FoundLock {
  if (bytes === null) return { state: 'unreadable', path, text: null, since: null, pid: null };
  const text = bytes.subarray(0, MAX_LOCK_SIZE).toString('utf8');
  const { pid, since } = parseLockText(text);
  // The end of a longer text is unknown, and a process number may be cut in two.
  if (pid === null || bytes.length > MAX_LOCK_SIZE)
    return { state: 'unreadable', path, text, since, pid: null };
  return { state: stateOf(pid, parseLockOwner(text), isAlive), path, text, since, pid };
}

/**
 * The engine's locks hold a number alone, and the engine judges them by it; those of this program hold more.
 */
function stateOf(
  pid: number,
  owner: LockOwner | null,
  isAlive: (pid: number) => boolean,
): 'held' | 'stale' | 'elsewhere' {
  if (owner === null) return isAlive(pid) ? 'held' : 'stale';
  const liveness = livenessOf(owner, isAlive);
  return liveness === 'running' ? 'held' : liveness === 'dead' ? 'stale' : 'elsewhere';
}

/** Waits without giving control to any other code in this process. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
