/** Only one process works on a transaction: it claims every area, in one order, and dead claims do not count. */
import { join } from 'node:path';
import { hasErrno, RollbackError } from '../errors.ts';
import { encodeChecksummed } from '../format/checksummed-json.ts';
import { areaPath, discardedAreas, RUNNER_FILE, readChecksummed } from '../store/area.ts';
import { createPassingFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFenced } from '../store/fence.ts';
import { livenessOf, thisProcess } from '../store/process-identity.ts';
import { lstatOrNull } from '../store/roots.ts';

const CLAIM = new RegExp(`^${RUNNER_FILE}\\.(\\d{1,9})$`);

/**
 * Claims a transaction's areas for this process. A claim is a file of its own with the next number, created
 * exclusively: of two processes that find the same dead claim only one gets the number behind it. Nothing of it is
 * synced: it speaks of a process, and no process outlives a power cut.
 * @param force a person says that whoever cannot be judged is dead
 * @throws RollbackError ERR_LOCKED
 */
export function claimAreas(fs: DurableFs, dirs: readonly string[], id: string, force = false): void {
  for (const dir of [...dirs].sort()) claimArea(fs, areaPath(dir, id), force);
}

/**
 * Refuses to disturb a process that is at the end of its work: its areas are out of sight, its locks still stand.
 * Without a lock of ours nothing is left to disturb: then whoever comes first frees the space.
 * @throws RollbackError ERR_LOCKED
 */
export function refuseAtWork(fs: DurableFs, dirs: readonly string[], force = false): void {
  if (!dirs.some((dir) => isFenced(fs, dir))) return;
  for (const area of dirs.flatMap((dir) => discardedAreas(fs, dir))) {
    const last = lastClaim(fs, area);
    if (last > 0) refuseLiving(fs, area, last, force);
  }
}

/** Number of an area's newest claim; 0 without any, or when the area has just been freed. */
function lastClaim(fs: DurableFs, area: string): number {
  if (lstatOrNull(fs, area)?.kind !== 'directory') return 0;
  const numbers = fs.readdir(area).map((name) => Number(CLAIM.exec(name)?.[1] ?? Number.NaN));
  return Math.max(0, ...numbers.filter((n) => Number.isSafeInteger(n)));
}

function claimArea(fs: DurableFs, area: string, force: boolean): void {
  const last = lastClaim(fs, area);
  if (last > 0) refuseLiving(fs, area, last, force);
  const { uid, gid } = fs.lstat(area);
  const path = join(area, `${RUNNER_FILE}.${last + 1}`);
  try {
    createPassingFile(fs, path, encodeChecksummed(thisProcess()), { mode: 0o600, uid, gid });
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    throw claimedError(path, 'another process has just begun to work on it');
  }
}

function refuseLiving(fs: DurableFs, area: string, last: number, force: boolean): void {
  const name = `${RUNNER_FILE}.${last}`;
  const runner = readChecksummed(fs, area, name);
  const mine = thisProcess();
  const own = JSON.stringify(runner) === JSON.stringify(mine);
  // A torn claim was never finished, and its writer had not begun to work.
  const state = runner === null ? 'dead' : own ? 'dead' : livenessOf(runner);
  if (state === 'dead') return;
  const pid = (runner as { pid?: unknown }).pid;
  if (state === 'running') throw claimedError(join(area, name), `process ${String(pid)} works on it`);
  if (force) return;
  throw claimedError(
    join(area, name),
    `process ${String(pid)} of another container or machine began it, and cannot be judged from here`,
    'Make sure that it is dead, then pass --force-unlock',
  );
}

function claimedError(path: string, why: string, next = 'Wait for it to end'): RollbackError {
  return new RollbackError('ERR_LOCKED', { what: `This rollback is in other hands: ${why}`, next }, { path });
}
