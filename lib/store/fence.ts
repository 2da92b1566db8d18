/**
 * Fences: locks whose text the engine cannot parse, so that it refuses and prints it. They keep the engine out
 * while a transaction is open. A fence names its transaction, which alone lowers it, and the number of its
 * roots.
 *
 * - The file that a fence replaces is first moved aside and checked there; then the fence gets its name by a
 *   link, which replaces nothing. So the lock of a process that came in between is never lost, and the fence
 *   gives way to it.
 * - For two system calls there is no lock. Fences are raised before the intent, and again when one is missing.
 */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import { otherRollbackError } from './claim-file.ts';
import { createTemporary, moveIfFree, removeQuietly, temporaryName } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { lockedError } from './lock-errors.ts';
import { type ExaminedLock, examineLock, LOCK_FILE, sameFile } from './lock-state.ts';
import { nodeOwner } from './ownership.ts';
import { isProcessAlive } from './process-identity.ts';
import { lstatOrNull } from './roots.ts';

const TITLE = 'litt-rollback: ';
const MAX_LOCK_BYTES = 64 * 1024;
/** The node's user must be able to read the text, even if another user wrote it. */
const LOCK_MODE = 0o644;
const ATTEMPTS = 10;

/** The content of a fence. */
export interface Fence {
  readonly id: string;
  readonly begunAt: Date;
  /** As the user gave them: the next step is a whole command. */
  readonly roots: readonly string[];
  readonly snapshotDir: string | null;
}

/** A fence that was found. */
export interface FoundFence {
  readonly path: string;
  /** Null if the text is damaged. */
  readonly id: string | null;
  /** How many roots its transaction has; null if the text does not say. */
  readonly roots: number | null;
}

/** The text of a fence. No line of it begins with `PID: `, not even indented. */
export function fenceText({ id, begunAt, roots, snapshotDir }: Fence): string {
  const source = roots.flatMap((root) => ['--src', root]);
  if (snapshotDir !== null) source.push('--snapshot-dir', snapshotDir);
  return [
    `${TITLE}a rollback of this database is under way or was interrupted. Do not start the node.`,
    `Transaction ${id}, begun ${begunAt.toISOString()}, ${roots.length} ${roots.length === 1 ? 'root' : 'roots'}.`,
    `Finish it: ${shellCommand(['litt-rollback', 'resume', ...source])}`,
    `Revert it: ${shellCommand(['litt-rollback', 'undo', ...source])}`,
    '',
  ].join('\n');
}

/**
 * Puts a fence in the place of a directory's lock, durably. It replaces a lock that this process holds, a fence
 * of the same transaction, and, if no lock is held, a lock of a dead process.
 * @param owns whether the caller holds the present lock; null if it holds none
 * @throws RollbackError ERR_LOCKED, ERR_LOCK_UNREADABLE when another process holds it: it then stays; raw
 * errors
 */
export function raiseFence(
  fs: DurableFs,
  dir: string,
  fence: Fence,
  owns: ((dir: string) => boolean) | null = null,
): void {
  const path = join(dir, LOCK_FILE);
  const temporary = temporaryName(path);
  const { uid, gid } = nodeOwner(fs, dir);
  const text = Buffer.from(fenceText(fence));
  if (isFencedBy(fs, dir, fence.id)) {
    // It may come from a killed process, and not be durable yet.
    fs.fsyncDir(dir);
    return;
  }
  createTemporary(fs, temporary, text, { mode: LOCK_MODE, uid, gid });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = examineLock(fs, path, isProcessAlive);
      if (found !== null) refuseUnlessReplaceable(dir, found, fence.id, owns);
      else if (owns !== null) throw lockGoneError(path);
      if (exchange(fs, temporary, path, found)) break;
      if (attempt === ATTEMPTS - 1) throw changingHandsError(path);
    }
  } catch (error) {
    removeQuietly(fs, temporary);
    throw error;
  }
  fs.fsyncDir(dir);
}

function refuseUnlessReplaceable(
  dir: string,
  { lock }: ExaminedLock,
  id: string,
  owns: ((dir: string) => boolean) | null,
): void {
  const fence = fenceOf(lock.path, lock.text ?? '');
  if (fence !== null && fence.id !== id) throw otherRollbackError(lock.path);
  if (fence !== null) return;
  if (owns === null ? lock.state === 'stale' : owns(dir)) return;
  throw lockedError(dir, lock);
}

/** False when another process has put its lock there since the check: that lock is in its place again. */
function exchange(fs: DurableFs, temporary: string, path: string, found: ExaminedLock | null): boolean {
  if (found === null) return moveIfFree(fs, temporary, path);
  const aside = replacedName(path);
  try {
    // The cheap check first: it limits the moment in which a living lock could be moved to two system calls.
    if (!sameFile(fs.lstat(path), found.stat)) return false;
    fs.rename(path, aside);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false;
    throw error;
  }
  if (!sameFile(fs.lstat(aside), found.stat)) {
    moveIfFree(fs, aside, path);
    removeQuietly(fs, aside);
    return false;
  }
  const isRaised = moveIfFree(fs, temporary, path);
  fs.unlink(aside);
  return isRaised;
}

/** Where `exchange` keeps the replaced lock for a moment. */
export function replacedName(path: string): string {
  return temporaryName(`${path}.replaced`);
}

/** The fence of a directory; null where its lock is not a fence of this program. */
export function fenceIn(fs: DurableFs, dir: string): FoundFence | null {
  const text = lockText(fs, dir);
  return text === null ? null : fenceOf(join(dir, LOCK_FILE), text);
}

function fenceOf(path: string, text: string): FoundFence | null {
  if (!text.startsWith(TITLE)) return null;
  const [, id = null, roots] = /^Transaction ([0-9a-f-]{36}),(?:.*, (\d{1,5}) roots?\.$)?/m.exec(text) ?? [];
  return { path, id, roots: roots === undefined ? null : Number(roots) };
}

/** Whether the directory's lock is a fence. */
export function isFenced(fs: DurableFs, dir: string): boolean {
  return fenceIn(fs, dir) !== null;
}

/** Whether the directory's lock is the fence of this transaction. */
export function isFencedBy(fs: DurableFs, dir: string, id: string): boolean {
  return fenceIn(fs, dir)?.id === id;
}

/** Null also for a lock that this user may not read: every user may read a fence. */
function lockText(fs: DurableFs, dir: string): string | null {
  try {
    return readLock(fs, dir);
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM')) return null;
    throw ioError(error, join(dir, LOCK_FILE), 'read the lock file');
  }
}

function readLock(fs: DurableFs, dir: string): string | null {
  const path = join(dir, LOCK_FILE);
  const stat = lstatOrNull(fs, path);
  if (stat === null || stat.kind !== 'file' || stat.size > MAX_LOCK_BYTES) return null;
  let fd: number;
  try {
    fd = fs.open(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(stat.size);
    return buffer.subarray(0, fs.readAt(fd, buffer, 0)).toString('utf8');
  } finally {
    fs.close(fd);
  }
}

/**
 * Removes the fence of a transaction, durably; a fence with a damaged text counts as its own. If there is none,
 * a killed process may have removed it just now: that removal is made durable, too.
 * @param id null for the fence of any transaction
 */
export function lowerFence(fs: DurableFs, dir: string, id: string | null): void {
  // One that may not be read is refused, here as nowhere else: unseen, it would keep the database shut.
  const fence = fenceOf(join(dir, LOCK_FILE), readLock(fs, dir) ?? '');
  if (fence !== null && (id === null || fence.id === null || fence.id === id)) fs.unlink(fence.path);
  fs.fsyncDir(dir);
}

function lockGoneError(path: string): RollbackError {
  return new RollbackError(
    'ERR_LOCKED',
    {
      what: 'The lock that this run had taken is gone',
      why: 'The process that removed it may have opened the database',
      next: 'Make sure that nothing has the database open, then run the same command again',
    },
    { path },
  );
}

function changingHandsError(path: string): RollbackError {
  return new RollbackError(
    'ERR_LOCKED',
    {
      what: 'The lock changes hands faster than it can be replaced',
      why: 'Some process starts and stops with this database',
      next: 'Stop the node and whatever restarts it, then run the same command again',
    },
    { path },
  );
}
