/** Locking every directory of a database against the engine and against other runs of this program. */
import { dirname, join } from 'node:path';
import { hasErrno, ioError, isNoRoom, RollbackError } from '../errors.ts';
import { formatLockText } from '../format/lock-text.ts';
import { areaIds } from './area.ts';
import { createFileDurably, type FileOwner, removeQuietly } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { lockedError } from './lock-errors.ts';
import * as files from './lock-files.ts';
import { type ExaminedLock, examineLock, LOCK_FILE, sleep } from './lock-state.ts';
import { othersHaveLockAside, sweepTemporaries, temporaryLockName } from './lock-temporaries.ts';
import { nodeOwner } from './ownership.ts';
import { isProcessAlive, thisProcess } from './process-identity.ts';
import { createOrBorrow, returnSpare, type SpareFile } from './spare-file.ts';

export { type FoundLock, inspectLock, LOCK_FILE, type LockState } from './lock-state.ts';

/** Mode of a lock as the engine creates it. */
const LOCK_MODE = 0o600;

const TAKE_ATTEMPTS = 10;

/** Locks held by this process. */
export interface LockSet {
  /** Real paths of the locked directories, in the order in which they were locked. */
  readonly dirs: readonly string[];
  /** Their lock files. */
  readonly paths: readonly string[];
  /** Removes the locks of this process. ERR_IO when one stays; calling it twice does nothing. */
  release(): void;
  /**
   * Like `release`, but puts back the stale locks that were taken over: same bytes, mode, owner, and time of
   * change (to the microsecond). For runs that changed nothing.
   */
  restore(): void;
  /** Whether the lock of this directory is still the file that this process put there, with the same text. */
  owns(dir: string): boolean;
}

/** How locks are taken. */
export interface LockOptions {
  /** Files of this program in a directory that mean nothing: one becomes the lock where there is no room for it. */
  readonly spares?: (dir: string) => readonly string[];
  /** For tests: how to recognise a living process, and the time. */
  readonly isAlive?: (pid: number) => boolean;
  readonly now?: () => Date;
}

/**
 * Locks every directory, in the order of their real paths, so that two programs cannot each hold what the other
 * waits for. A lock of a dead process is taken over. ERR_LOCKED or ERR_LOCK_UNREADABLE when one cannot be had,
 * ERR_SYMBOLIC_LINK or ERR_NOT_A_REGULAR_FILE when one is not a file, ERR_IO when the system refuses: then no
 * lock is held, and stale ones are back in place.
 */
export function acquireLocks(fs: DurableFs, dirs: readonly string[], options: LockOptions = {}): LockSet {
  const isAlive = options.isAlive ?? isProcessAlive;
  const real = [...new Set(dirs.map((dir) => realDirectory(fs, dir)))].sort();
  // All are checked before the first is taken: a refusal then leaves no trace at all.
  for (const dir of real) refuseUnlessFree(dir, examineLock(fs, join(dir, LOCK_FILE), isAlive));
  const text = Buffer.from(formatLockText(thisProcess(), options.now?.() ?? new Date()));
  const held: files.HeldLock[] = [];
  try {
    for (const dir of real) held.push(takeLock(fs, dir, text, isAlive, options.spares));
  } catch (error) {
    files.giveBack(fs, held, true);
    throw error;
  }
  return new HeldLocks(fs, held);
}

/**
 * Gives the locks back, stale ones restored, when the process exits without having released them. Signals that
 * kill the process do not run this; a signal handler must call process.exit. Returns a function that cancels
 * this.
 */
export function installLockCleanup(lockSet: LockSet): () => void {
  const onExit = (): void => {
    try {
      lockSet.restore();
    } catch {
      // An error cannot be reported this late, and the next process takes over a lock of a dead one.
    }
  };
  process.on('exit', onExit);
  return () => process.off('exit', onExit);
}

class HeldLocks implements LockSet {
  readonly dirs: readonly string[];
  readonly paths: readonly string[];
  readonly #fs: DurableFs;
  #held: readonly files.HeldLock[];

  constructor(fs: DurableFs, held: readonly files.HeldLock[]) {
    this.#fs = fs;
    this.#held = held;
    this.dirs = held.map((lock) => lock.dir);
    this.paths = held.map((lock) => lock.path);
  }

  release(): void {
    this.#end(false);
  }

  restore(): void {
    this.#end(true);
  }

  owns(dir: string): boolean {
    return this.#held.some((lock) => lock.dir === dir && files.isOurs(this.#fs, lock));
  }

  #end(putBackStale: boolean): void {
    const held = this.#held;
    this.#held = [];
    const failure = files.giveBack(this.#fs, held, putBackStale);
    if (failure !== null) throw failure;
  }
}

function realDirectory(fs: DurableFs, dir: string): string {
  try {
    return fs.realpath(dir);
  } catch (error) {
    throw ioError(error, dir, 'find the directory to lock');
  }
}

function refuseUnlessFree(dir: string, found: ExaminedLock | null): void {
  if (found !== null && found.lock.state !== 'stale') throw lockedError(dir, found.lock);
}

function takeLock(
  fs: DurableFs,
  dir: string,
  text: Buffer,
  isAlive: (pid: number) => boolean,
  spares: LockOptions['spares'],
): files.HeldLock {
  const path = join(dir, LOCK_FILE);
  const temporary = temporaryLockName(dir, 'new');
  let stale: files.StaleLock | null = null;
  let placed: files.HeldLock | null = null;
  let spare: SpareFile | null = null;
  try {
    sweepTemporaries(fs, dir, isAlive);
    const owner = lockOwner(fs, dir);
    ({ spare, stale } = prepareLock(fs, dir, temporary, text, owner, isAlive, spares));
    for (let attempt = 0; attempt < TAKE_ATTEMPTS; attempt++) {
      const stat = files.putInPlace(fs, temporary, path, text, owner, spare !== null);
      if (stat !== null) {
        placed = { dir, path, text, stat, stale, spare };
        if (!othersHaveLockAside(fs, dir, isAlive)) {
          files.dropPrepared(fs, temporary);
          return placed;
        }
        files.withdraw(fs, placed, temporary);
        placed = null;
        sleep(files.RACE_PAUSE);
        continue;
      }
      const found = examineLock(fs, path, isAlive);
      refuseUnlessFree(dir, found);
      stale = found === null ? null : files.moveStaleAside(fs, dir, found);
    }
    throw contestedLockError(dir, path);
  } catch (error) {
    if (placed !== null) files.giveBack(fs, [placed], false);
    if (stale !== null) files.putBackIfFree(fs, dir, path, stale);
    if (placed === null && spare !== null) returnSpare(fs, temporary, spare);
    else removeQuietly(fs, temporary);
    throw lockCreationError(fs, error, path);
  }
}

/**
 * Creates the file that will be the lock. With spare files there is a way where there is no room: one of them becomes
 * it, or else the lock of a dead process makes room.
 */
function prepareLock(
  fs: DurableFs,
  dir: string,
  temporary: string,
  text: Buffer,
  owner: FileOwner,
  isAlive: (pid: number) => boolean,
  spares: LockOptions['spares'],
): Pick<files.HeldLock, 'spare' | 'stale'> {
  try {
    return { spare: createOrBorrow(fs, temporary, text, owner, () => spares?.(dir) ?? []), stale: null };
  } catch (error) {
    const mayMakeRoom = spares !== undefined && isNoRoom(error);
    const found = mayMakeRoom ? examineLock(fs, join(dir, LOCK_FILE), isAlive) : null;
    if (found?.lock.state !== 'stale') throw error;
    const stale = files.moveStaleAside(fs, dir, found);
    createFileDurably(fs, temporary, text, owner);
    return { spare: null, stale };
  }
}

function contestedLockError(dir: string, path: string): RollbackError {
  const what = `Other processes keep taking the lock of ${dir}`;
  return new RollbackError(
    'ERR_LOCKED',
    { what, next: 'Stop them and run the same command again' },
    { path },
  );
}

function lockCreationError(fs: DurableFs, error: unknown, path: string): RollbackError {
  const wrapped = ioError(error, path, 'create the lock file');
  if (hasErrno(wrapped.cause, 'EACCES', 'EPERM'))
    return wrapped.saying({ next: `${wrapped.next}, or use \`plan --no-lock\` to look only` });
  if (!isNoRoom(wrapped) || !hasAreas(fs, dirname(path))) return wrapped;
  const purge = '`litt-rollback purge` needs no room; it frees, for good, what rollbacks keep for undo';
  return wrapped.saying({ next: `${wrapped.next}. ${purge}` });
}

function hasAreas(fs: DurableFs, dir: string): boolean {
  try {
    return areaIds(fs, dir).length > 0;
  } catch {
    return false; // it is only for the advice
  }
}

/**
 * Root works for the node's user, who must be able to read and remove the files that root leaves in a crash.
 */
function lockOwner(fs: DurableFs, dir: string): FileOwner {
  if (process.geteuid?.() !== 0) return { mode: LOCK_MODE };
  return { mode: LOCK_MODE, ...nodeOwner(fs, dir) };
}
