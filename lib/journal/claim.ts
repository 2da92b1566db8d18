/**
 * Ownership: a call claims every area of a transaction in a fixed order. Claims of calls that have ended are
 * ignored, whether their process still runs or not.
 */
import { join } from 'node:path';
import { encodeChecksummed } from '../format/checksummed-json.ts';
import { areaPath, discardedAreas, mendArea, ownerIn, RUNNER_FILE } from '../store/area.ts';
import { beginCall, type CallIdentity, endCall } from '../store/call-identity.ts';
import { claimedError, claimIn, type FoundClaim, workerOf } from '../store/claim-file.ts';
import { createAtOnce, createPassingFile, removeQuietly } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFenced } from '../store/fence.ts';
import { timed } from './audit.ts';

/** A call of this library that changes something, and the claims that it has made. */
export class Call {
  readonly #identity: CallIdentity = beginCall();
  readonly #claims: { readonly fs: DurableFs; readonly path: string }[] = [];

  /**
   * Claims a transaction's areas for this call. A claim is a file of its own with the next number, created
   * exclusively: if two calls find the same dead claim, only one gets the number behind it. A claim is not
   * synced: it names a process, and no process outlives a power cut.
   * @param force the user says that a process whose state is unknown is dead
   * @throws RollbackError ERR_LOCKED
   */
  claimAreas(fs: DurableFs, dirs: readonly string[], id: string, force = false): void {
    for (const dir of [...dirs].sort()) {
      mendArea(fs, dir, id);
      this.claimDir(fs, areaPath(dir, id), force);
    }
  }

  /**
   * Claims one directory in the same way: an area, or the directory of a run.
   * @throws RollbackError ERR_LOCKED
   */
  claimDir(fs: DurableFs, area: string, force = false): void {
    const last = claimIn(fs, area);
    if (last !== null) refuseLiving(last, force);
    const owner = ownerIn(fs, area);
    const path = join(area, `${RUNNER_FILE}.${(last?.number ?? 0) + 1}`);
    const isMine = createAtOnce(fs, path, preparedClaim(area, this.#identity.call), (prepared) =>
      createPassingFile(fs, prepared, encodeChecksummed(this.#identity), owner),
    );
    if (!isMine) throw claimedError(path, 'another process has just begun to work on it');
    this.#claims.push({ fs, path });
  }

  /** Ends the call and removes its claims, so that other threads need not wait for this thread to end. */
  end(): void {
    endCall(this.#identity);
    for (const { fs, path } of this.#claims) removeQuietly(fs, path);
  }
}

/** Where a claim is prepared. A file that is left there says nothing, and goes with the area. */
function preparedClaim(area: string, call: string): string {
  return join(area, `.${RUNNER_FILE}.${call}`);
}

/**
 * Does work as one call; when the work has ended, by success or failure, its claims no longer count.
 * @throws what the work throws
 */
export async function asCall<T>(work: (call: Call) => T | Promise<T>): Promise<T> {
  const call = new Call();
  try {
    return await timed(() => work(call));
  } finally {
    call.end();
  }
}

/**
 * Refuses to disturb a call at the end of its work, when its areas are out of sight and its fences still stand.
 * Without a fence no work is left to disturb: any process may then free the space.
 * @throws RollbackError ERR_LOCKED
 */
export function refuseAtWork(fs: DurableFs, dirs: readonly string[], force = false): void {
  if (!dirs.some((dir) => isFenced(fs, dir))) return;
  for (const area of dirs.flatMap((dir) => discardedAreas(fs, dir))) {
    const last = claimIn(fs, area);
    if (last !== null) refuseLiving(last, force);
  }
}

function refuseLiving(claim: FoundClaim, force: boolean): void {
  if (claim.liveness === 'dead') return;
  if (claim.liveness === 'running') throw claimedError(claim.path, workerOf(claim));
  if (force) return;
  throw claimedError(
    claim.path,
    `process ${String(claim.pid)} of another container or machine began it, and cannot be judged from here`,
    'Make sure that it is dead, then pass --force-unlock',
  );
}
