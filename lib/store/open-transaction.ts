/** Detects an open transaction before any other work on its roots. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import {
  areaIds,
  areaPath,
  COMMITTED_MARK,
  discardedAreas,
  hasUndoData,
  JOURNAL_FILE,
  UNDO_FILE,
} from './area.ts';
import { boltIn } from './bolt.ts';
import { claimedError, claimIn, workerOf } from './claim-file.ts';
import type { DurableFs } from './durable-fs.ts';
import { fenceIn } from './fence.ts';
import { lstatOrNull } from './roots.ts';

/** The evidence of an open transaction. */
export interface OpenTrace {
  readonly path: string;
  /** Whether its journal is gone, though it must exist as long as a fence or a bolt does. */
  readonly isLost: boolean;
}

/**
 * Refuses roots with a rollback that has begun and not ended. Roots are real paths.
 * @throws RollbackError ERR_LOCKED while another call works on it, ERR_JOURNAL when its journal is gone,
 * ERR_UNFINISHED
 */
export function refuseUnfinished(fs: DurableFs, roots: readonly string[]): void {
  for (const root of roots) {
    const trace = traceOfOpen(fs, root);
    if (trace === null) continue;
    for (const id of areaIds(fs, root)) refuseAtWorkOn(fs, areaPath(root, id));
    if (trace.isLost) throw lostJournalError(trace.path);
    const source = roots.flatMap((r) => ['--src', r]);
    throw new RollbackError(
      'ERR_UNFINISHED',
      {
        what: 'A rollback of this database is not finished',
        why: 'The database is half rolled back and locked; the engine refuses it too',
        next: `Finish it with \`${shellCommand(['litt-rollback', 'resume', ...source])}\`, or revert it with \`${shellCommand(['litt-rollback', 'undo', ...source])}\``,
      },
      { path: trace.path },
    );
  }
}

function refuseAtWorkOn(fs: DurableFs, area: string): void {
  const claim = claimIn(fs, area);
  if (claim?.liveness === 'running') throw claimedError(claim.path, workerOf(claim));
}

/** The evidence of an open transaction: a journal, a fence, a bolt; null without any. */
export function traceOfOpen(fs: DurableFs, root: string): OpenTrace | null {
  for (const id of areaIds(fs, root)) {
    const area = areaPath(root, id);
    const has = (name: string): boolean => lstatOrNull(fs, join(area, name)) !== null;
    if (has(JOURNAL_FILE)) return { path: join(area, JOURNAL_FILE), isLost: false };
    // The document was removed by hand.
    if (!has(UNDO_FILE) && (has(COMMITTED_MARK) || hasUndoData(fs, area)))
      return { path: area, isLost: true };
  }
  const fence = fenceIn(fs, root);
  if (fence !== null) return { path: fence.path, isLost: !isKnown(fs, root, fence.id) };
  const bolt = boltIn(fs, root);
  return bolt === null ? null : { path: bolt.path, isLost: !isKnown(fs, root, bolt.owner) };
}

/**
 * Whether a directory knows a transaction: its area is made before the first fence, and is out of sight, but
 * not gone, until the last one is lowered. Without an id the answer is unknown.
 */
export function isKnown(fs: DurableFs, dir: string, id: string | null): boolean {
  if (id === null) return true;
  return areaIds(fs, dir).includes(id) || discardedAreas(fs, dir).some((area) => area.includes(id));
}

/**
 * The refusal of a run that cannot know what was changed: a journal whose steps were carried out was damaged or
 * removed.
 */
export function lostJournalError(path: string): RollbackError {
  return new RollbackError(
    'ERR_JOURNAL',
    {
      what: 'The journal of this rollback is damaged or gone',
      why: 'Files may have been changed, and only the journal says which: continuing could open a mixed database',
      next: 'Put the `.litt-rollback` directory back as it was, or restore the database from a backup into empty directories',
    },
    { path },
  );
}

/** A fence or a bolt, whatever may be said about its transaction; null without one. */
export function guardIn(fs: DurableFs, root: string): string | null {
  return fenceIn(fs, root)?.path ?? boltIn(fs, root)?.path ?? null;
}
