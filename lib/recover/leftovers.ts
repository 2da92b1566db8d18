/** Ends of which no step is left: an undo that is over, and traces without a journal. */

import { lineOf } from '../journal/audit.ts';
import { claimAreas, refuseAtWork } from '../journal/claim.ts';
import { type AreaState, areasIn, lostJournalError, missingDocumentError } from '../journal/documents.ts';
import { type FoundTransaction, refuseTooFewRoots } from '../journal/find.ts';
import { finishRun, tellAndFree } from '../journal/finish-run.ts';
import {
  clearTraces,
  clearTransaction,
  hasLeftovers,
  markUndone,
  participantDirs,
} from '../journal/sweep.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { boltIn, isFenced, isFencedBy } from '../store/fence.ts';
import { traceOfOpen } from '../store/open-transaction.ts';
import { type ResumeOptions, refuseHeld, refuseMissingSnapshotDir } from './adopt.ts';

/**
 * No journal: a lock that fails closed, a bolt, or half-made files mean only "clean up". Returns what a person must be
 * told of; null when there was nothing to clean up.
 * @throws RollbackError ERR_LOCKED, ERR_JOURNAL, ERR_SNAPSHOT_DIR_NEEDED
 */
export function sweepLeftovers(
  fs: DurableFs,
  roots: readonly string[],
  dirs: readonly string[],
  options: ResumeOptions,
): string[] | null {
  // A run that is just beginning or ending has no journal either: it must not be disturbed.
  refuseHeld(fs, dirs);
  const areas = dirs.flatMap((dir) => areasIn(fs, dir));
  const areasOf = (dir: string): AreaState[] => areas.filter((a) => a.dir === dir);
  if (!dirs.some((dir) => traceOfOpen(fs, dir) !== null || hasLeftovers(fs, dir, areasOf(dir)))) return null;
  refuseLostJournal(fs, dirs, areas);
  const closed = areas.filter(({ dir, id }) => isFencedBy(fs, dir, id));
  for (const { document } of closed) refuseMissingSnapshotDir(document, options);
  refuseAtWork(fs, dirs, options.forceUnlock);
  for (const { dir, id } of areas) claimAreas(fs, [dir], id, options.forceUnlock);
  clearTraces(fs, dirs);
  // The run that ended it, or wanted to take it back, has not come to its line.
  const standing = new Map(closed.flatMap((a) => (a.document === null ? [] : [[a.id, a.document.plan]])));
  const entries = [...standing].map(([id, plan]) => ({
    ...lineOf('resume', id, plan),
    outcome: 'the rollback stands',
  }));
  return tellAndFree(fs, roots, dirs, entries);
}

/**
 * Every document is durable before the first bolt, and goes after the last one. So where bolts are, or something is
 * kept, and no journal belongs to that, somebody has removed it: the database may be mixed.
 */
function refuseLostJournal(fs: DurableFs, dirs: readonly string[], areas: readonly AreaState[]): void {
  const bare = areas.find((a) => a.state === 'bare' && a.marks.begun);
  if (bare !== undefined) throw missingDocumentError(bare);
  const whole = areas.filter((a) => a.document !== null);
  for (const dir of dirs) {
    const bolt = boltIn(fs, dir);
    const isTold = whole.some((a) => !isFenced(fs, dir) || isFencedBy(fs, dir, a.id));
    if (bolt !== null && !isTold) throw lostJournalError(bolt);
  }
}

/**
 * Ends an undo whose inverse steps are all durable. Some areas may be gone already, so this goes by the marks
 * that are left, not by a full set of documents. Returns what a person must be told of.
 */
export function finishReverted(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  action: 'resume' | 'undo',
): string[] {
  refuseTooFewRoots(fs, open, roots);
  refuseMissingSnapshotDir(open.document, options);
  const dirs = participantDirs(fs, roots, options.snapshotDir);
  refuseHeld(fs, roots);
  claimAreas(
    fs,
    open.areas.map((a) => a.dir),
    open.id,
    options.forceUnlock,
  );
  markUndone(fs, dirs, open.id);
  clearTransaction(fs, dirs, open.id);
  const ended = { fs, participants: { id: open.id, roots, dirs }, plan: open.document?.plan };
  return finishRun(ended, { action, outcome: 'taken back' });
}
