/** Claims in an area: the process that works, or worked last, on its transaction. Reads only. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { RUNNER_FILE, readChecksummed } from './area.ts';
import { callLivenessOf } from './call-identity.ts';
import type { DurableFs } from './durable-fs.ts';
import type { Liveness } from './process-identity.ts';
import { lstatOrNull } from './roots.ts';

const CLAIM = new RegExp(`^${RUNNER_FILE}\\.(\\d{1,9})$`);

/** The newest claim of an area. */
export interface FoundClaim {
  readonly path: string;
  readonly number: number;
  readonly pid: number | null;
  readonly liveness: Liveness;
}

/** The newest claim of an area; null without any, or when the area has just been freed. */
export function claimIn(fs: DurableFs, area: string): FoundClaim | null {
  if (lstatOrNull(fs, area)?.kind !== 'directory') return null;
  const numbers = fs.readdir(area).map((name) => Number(CLAIM.exec(name)?.[1] ?? Number.NaN));
  const number = Math.max(0, ...numbers.filter((n) => Number.isSafeInteger(n)));
  if (number === 0) return null;
  const name = `${RUNNER_FILE}.${number}`;
  const call = readChecksummed(fs, area, name);
  const pid = (call as { pid?: unknown } | null)?.pid;
  return {
    path: join(area, name),
    number,
    pid: typeof pid === 'number' ? pid : null,
    // A torn claim was never finished, and its writer had not begun to work.
    liveness: call === null ? 'dead' : callLivenessOf(call),
  };
}

/** The refusal while another call works on a transaction. */
export function claimedError(path: string, why: string, next = 'Wait for it to end'): RollbackError {
  return new RollbackError(
    'ERR_LOCKED',
    { what: `Another process works on this rollback: ${why}`, next },
    { path },
  );
}

/** The process that works on a transaction, in words. */
export function workerOf({ pid }: FoundClaim): string {
  return pid === process.pid
    ? 'another call of this process works on it'
    : `process ${String(pid)} works on it`;
}

/** The refusal where the fence or the bolt of another transaction lies. */
export function otherRollbackError(path: string): RollbackError {
  return new RollbackError(
    'ERR_LOCKED',
    {
      what: 'Another rollback of this database has begun meanwhile',
      why: 'Two at once would mix their results',
      next: 'Wait for the other one, then look at `litt-rollback status`',
    },
    { path },
  );
}
