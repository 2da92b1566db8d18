/** The locks of one database: every root, and the snapshot directory with the tables below it. */
import { join } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import { is, refuseUnless } from '../input/checks.ts';
import { notePhase } from '../phases.ts';
import { spareFiles } from './area.ts';
import { realFs } from './durable-fs.ts';
import { findTables } from './find-tables.ts';
import { acquireLocks, installLockCleanup, type LockSet } from './lock.ts';
import { refuseUnfinished } from './open-transaction.ts';
import { lstatOrNull, resolveRoots } from './roots.ts';
import { isSnapshotDirUsed, resolveSnapshotDir } from './snapshot-dir.ts';

interface LockingOptions {
  /**
   * Nothing but the data of this program changes: tables below the snapshot directory need no lock, and where there is
   * no room for one, a file that means nothing any more becomes it.
   */
  readonly own?: boolean;
}

/**
 * Takes every lock of a database, in one order, as the engine does. Release them on every way out: restore()
 * when nothing was changed (it puts stale locks back as they were), release() otherwise. The process's exit
 * releases what is still held.
 * @throws RollbackError ERR_UNFINISHED, ERR_LOCKED, ERR_LOCK_UNREADABLE, any ERR_ROOT_*, ERR_SNAPSHOT_DIR_WRONG, ERR_IO
 */
export function lockDatabase(dirs: readonly string[], snapshotDir?: string): Promise<LockSet> {
  return lockWith(dirs, snapshotDir, {});
}

async function lockWith(
  dirs: readonly string[],
  snapshotDir: string | undefined,
  options: LockingOptions,
): Promise<LockSet> {
  if (snapshotDir !== undefined) refuseUnless(is.text, 'snapshotDir', snapshotDir);
  const fs = realFs;
  const roots = resolveRoots(fs, dirs);
  refuseUnfinished(fs, roots);
  const tables = new Set(roots.flatMap((root) => findTables(fs, root, undefined, roots).tables));
  const locked = [...roots];
  if (snapshotDir !== undefined && snapshotDir !== 'none') {
    const real = resolveSnapshotDir(fs, snapshotDir, roots);
    const below = [...tables]
      .map((t) => join(real, t))
      .filter((d) => lstatOrNull(fs, d)?.kind === 'directory');
    if (isSnapshotDirUsed(fs, real, roots, [...tables])) locked.push(real, ...(options.own ? [] : below));
  }
  notePhase('lock', ...locked);
  const locks = acquireLocks(fs, locked, options.own ? { spares: (dir) => spareFiles(fs, dir) } : {});
  const forget = installLockCleanup(locks);
  return {
    dirs: locks.dirs,
    paths: locks.paths,
    owns: (dir) => locks.owns(dir),
    release: () => endingWith(forget, () => locks.release()),
    restore: () => endingWith(forget, () => locks.restore()),
  };
}

/** Locks are given back once, also where that fails: the exit of the process could do no more. */
function endingWith(forget: () => void, giveBack: () => void): void {
  try {
    giveBack();
  } finally {
    forget();
  }
}

/**
 * Does work under the locks of a database, and gives them back on every way out: stale locks are put back as
 * they were unless `changesBegin` was called, right before the first change. A lock that cannot be given back
 * is reported beside the failure of the work, never in its place.
 * @param stands turns the result of successful work into one that reports a lock that stays; without it ERR_IO
 * @throws RollbackError as lockDatabase, ERR_IO when a lock stays; what the work throws
 */
export async function withLocks<T>(
  dirs: readonly string[],
  snapshotDir: string | undefined,
  work: (locks: LockSet, changesBegin: () => void) => T | Promise<T>,
  stands?: (result: T, failure: RollbackError) => T,
): Promise<T> {
  return underLocks(await lockDatabase(dirs, snapshotDir), work, stands);
}

/**
 * withLocks() for work that changes nothing but the data of this program, and frees some: it needs no room.
 * @throws RollbackError as withLocks
 */
export async function withOwnLocks<T>(
  dirs: readonly string[],
  snapshotDir: string | undefined,
  work: (locks: LockSet) => T | Promise<T>,
): Promise<T> {
  return underLocks(await lockWith(dirs, snapshotDir, { own: true }), work);
}

async function underLocks<T>(
  locks: LockSet,
  work: (locks: LockSet, changesBegin: () => void) => T | Promise<T>,
  stands?: (result: T, failure: RollbackError) => T,
): Promise<T> {
  let changed = false;
  let result: T;
  try {
    // A signal that came while the locks were being taken is delivered, in two turns, before the work begins.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    result = await work(locks, () => {
      changed = true;
    });
  } catch (error) {
    const failure = failureOf(locks, changed);
    throw failure !== null && error instanceof RollbackError ? error.also(failure) : error;
  }
  const failure = failureOf(locks, changed);
  if (failure === null) return result;
  if (stands !== undefined) return stands(result, failure);
  const { what, why, place, cause } = failure;
  throw new RollbackError(
    'ERR_IO',
    { what, why: `Everything else is done. ${why}`, next: failure.next },
    place,
    cause,
  );
}

/** Gives locks back; returns the failure, or null. */
function failureOf(locks: LockSet, changed: boolean): RollbackError | null {
  try {
    if (changed) locks.release();
    else locks.restore();
    return null;
  } catch (error) {
    return ioError(error, locks.paths[0] ?? '', 'give the locks back');
  }
}
