/** Finishes transactions with no steps left: a completed undo, or debris without a journal. */

import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { lineOf } from '../journal/audit.ts';
import { type Call, refuseAtWork } from '../journal/claim.ts';
import { type AreaState, areasIn, missingDocumentError } from '../journal/documents.ts';
import { type FoundTransaction, refuseTooFewRoots } from '../journal/find.ts';
import { finishRun, tellAndFree } from '../journal/finish-run.ts';
import {
  clearTraces,
  clearTransaction,
  hasLeftovers,
  markUndone,
  participantDirs,
} from '../journal/sweep.ts';
import { boltIn, possibleTables } from '../store/bolt.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { type FoundFence, fenceIn, isFenced, isFencedBy } from '../store/fence.ts';
import { isKnown, lostJournalError, traceOfOpen } from '../store/open-transaction.ts';
import { lstatOrNull } from '../store/roots.ts';
import { type ResumeOptions, refuseHeld, refuseMissingSnapshotDir } from './adopt.ts';
import { refuseNotRestored } from './verify-restored.ts';

/**
 * Without a journal, a lock that fails closed, a bolt, or half-made files only need cleaning up. Returns what
 * the user must know; null when there was nothing to clean up.
 * @throws RollbackError ERR_LOCKED, ERR_JOURNAL, ERR_SNAPSHOT_DIR_NEEDED
 */
export function sweepLeftovers(
  fs: DurableFs,
  roots: readonly string[],
  dirs: readonly string[],
  options: ResumeOptions,
  call: Call,
): string[] | null {
  // A run that is just beginning or ending has no journal either: it must not be disturbed.
  refuseHeld(fs, dirs);
  const areas = dirs.flatMap((dir) => areasIn(fs, dir));
  const areasOf = (dir: string): AreaState[] => areas.filter((a) => a.dir === dir);
  if (!dirs.some((dir) => traceOfOpen(fs, dir) !== null || hasLeftovers(fs, dir, areasOf(dir)))) return null;
  refuseLostJournal(fs, dirs, areas);
  refuseForgottenRoots(fs, roots);
  const closed = areas.filter(({ dir, id }) => isFencedBy(fs, dir, id));
  for (const { document } of closed) refuseMissingSnapshotDir(document, options);
  refuseAtWork(fs, dirs, options.forceUnlock);
  for (const { dir, id } of areas) call.claimAreas(fs, [dir], id, options.forceUnlock);
  clearTraces(fs, dirs);
  // The run that ended the transaction, or was about to revert it, has not written its audit line.
  const standing = new Map(closed.flatMap((a) => (a.document === null ? [] : [[a.id, a.document.plan]])));
  const entries = [...standing].map(([id, plan]) => ({
    ...lineOf('resume', id, plan),
    outcome: 'the rollback stands',
  }));
  return tellAndFree(fs, roots, dirs, entries);
}

/**
 * Every area is made before the first fence, and every document is durable before the first bolt; they go after
 * the last one. So if fences, bolts or undo data exist without a journal that they belong to, the journal was
 * removed by hand: the database may be mixed.
 */
function refuseLostJournal(fs: DurableFs, dirs: readonly string[], areas: readonly AreaState[]): void {
  const bare = areas.find((a) => a.state === 'bare' && a.marks.begun);
  if (bare !== undefined) throw missingDocumentError(bare);
  for (const dir of dirs) {
    const lost = fencesOf(fs, dir).find((fence) => !isKnown(fs, dir, fence.id));
    if (lost !== undefined) throw lostJournalError(lost.path);
    const bolt = boltIn(fs, dir);
    if (bolt !== null && !areas.some((a) => a.document !== null && mayOwn(fs, dir, bolt.owner, a.id)))
      throw lostJournalError(bolt.path);
  }
}

/**
 * Bolts of an older version do not name their transaction: then the fence beside them decides, if there is one.
 */
function mayOwn(fs: DurableFs, dir: string, owner: string | null, id: string): boolean {
  if (owner !== null) return owner === id;
  return !isFenced(fs, dir) || isFencedBy(fs, dir, id);
}

/** The fences of a directory and, in a snapshot directory, of its tables. */
function fencesOf(fs: DurableFs, dir: string): FoundFence[] {
  const below = possibleTables(fs, dir).map((name) => join(dir, name));
  const tables = below.filter((path) => lstatOrNull(fs, path)?.kind === 'directory');
  return [dir, ...tables].map((path) => fenceIn(fs, path)).filter((fence) => fence !== null);
}

/**
 * A forgotten root may hold the journal of what looks like a trace here.
 * @throws RollbackError ERR_ROOTS_UNCERTAIN
 */
function refuseForgottenRoots(fs: DurableFs, roots: readonly string[]): void {
  for (const root of roots) {
    const fence = fenceIn(fs, root);
    if (fence === null || fence.roots === null || fence.roots <= roots.length) continue;
    throw new RollbackError(
      'ERR_ROOTS_UNCERTAIN',
      {
        what: `The lock of an unfinished rollback says that it has ${fence.roots} roots, and ${roots.length} were given`,
        why: 'The journal may be in a root that was not given: clearing this one away would shut the database for good',
        next: 'Pass every root with --src; the lock file shows the whole command',
      },
      { path: fence.path },
    );
  }
}

/**
 * Ends an undo whose inverse steps are all durable. Some areas may be gone already, so this uses the remaining
 * marks instead of a full set of documents. Returns what the user must know.
 */
export function finishReverted(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  action: 'resume' | 'undo',
  call: Call,
): string[] {
  refuseTooFewRoots(fs, open, roots);
  refuseMissingSnapshotDir(open.document, options);
  const dirs = participantDirs(fs, roots, options.snapshotDir);
  refuseHeld(fs, roots);
  call.claimAreas(
    fs,
    open.areas.map((a) => a.dir),
    open.id,
    options.forceUnlock,
  );
  if (open.document !== null) refuseNotRestored(fs, open.document.plan, rootsOf(open));
  markUndone(fs, dirs, open.id);
  clearTransaction(fs, dirs, open.id);
  const ended = { fs, participants: { id: open.id, roots, dirs }, plan: open.document?.plan };
  return finishRun(ended, { action, outcome: 'taken back' });
}

/** The roots whose areas still exist, by their numbers. */
function rootsOf({ areas }: FoundTransaction): (string | undefined)[] {
  const roots: (string | undefined)[] = [];
  for (const { dir, document } of areas)
    if (typeof document?.member === 'number') roots[document.member] = dir;
  return roots;
}
