/**
 * Detects another run or an engine that comes in between: the state that was checked when the locks were taken
 * is checked again when it is used.
 */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { areaIds, areaPath, JOURNAL_FILE } from '../store/area.ts';
import { boltIn } from '../store/bolt.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFencedBy } from '../store/fence.ts';
import { inspectLock, LOCK_FILE, type LockSet } from '../store/lock.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Participants } from './participants.ts';

/**
 * The locks that the caller of a run holds: a set of locks, or the directories alone if nothing else can come
 * in.
 */
export type HeldDirs = readonly string[] | Pick<LockSet, 'dirs' | 'owns'>;

/** The directories of locks, and how to ask whether they are still held. */
export function heldDirs(locks: HeldDirs): {
  readonly dirs: readonly string[];
  readonly owns: ((dir: string) => boolean) | null;
} {
  return 'owns' in locks ? { dirs: locks.dirs, owns: (dir) => locks.owns(dir) } : { dirs: locks, owns: null };
}

/**
 * Refuses if another run or an engine has come in between: the state that was checked when the locks were taken
 * is checked again, right before the intent and once more before its mark.
 * @throws RollbackError ERR_LOCKED
 */
export function refuseIntruders({
  fs,
  participants,
  lockedDirs,
  ownsLock,
}: {
  readonly fs: DurableFs;
  readonly participants: Participants;
  readonly lockedDirs: readonly string[];
  readonly ownsLock: ((dir: string) => boolean) | null;
}): void {
  const { id, dirs } = participants;
  for (const dir of lockedDirs) {
    const isOurs =
      isFencedBy(fs, dir, id) || (ownsLock === null ? inspectLock(fs, dir).state === 'free' : ownsLock(dir));
    if (!isOurs)
      throw intruderError(join(dir, LOCK_FILE), 'The lock that this run had taken was removed or replaced');
  }
  for (const dir of dirs) {
    const other = areaIds(fs, dir).find((area) => area !== id && isJournalOpen(fs, dir, area));
    if (other !== undefined)
      throw intruderError(areaPath(dir, other), 'Another rollback of this database has begun');
    const bolt = boltIn(fs, dir);
    if (bolt !== null && bolt.owner !== id)
      throw intruderError(bolt.path, 'Another rollback of this database has begun');
  }
}

function isJournalOpen(fs: DurableFs, dir: string, id: string): boolean {
  return lstatOrNull(fs, join(areaPath(dir, id), JOURNAL_FILE)) !== null;
}

function intruderError(path: string, what: string): RollbackError {
  return new RollbackError(
    'ERR_LOCKED',
    {
      what: `${what} while this one was being prepared`,
      why: 'Two at once would destroy the database. Nothing was changed',
      next: 'Make sure that nothing else works on the database, then make a new plan',
    },
    { path },
  );
}
