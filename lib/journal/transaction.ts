/**
 * One rollback over many tables and roots, as one transaction.
 *
 * Order of the beginning: areas and claims, fences in the roots, documents, fences elsewhere, bolts; then
 * everything that was checked before is checked once more; then the committed mark in every root, and the
 * steps. Order of the end: names durable, the done (undone) mark in every root, bolts removed, the document no
 * longer called journal in any root, then the fences.
 *
 * Any committed mark means that every document and bolt is durable, so finishing is always possible. No mark
 * means that no change has been made yet. A fence whose area has no document means "only clean up"; one without
 * an area means that the journal was removed.
 */
import { join } from 'node:path';
import { notePhase } from '../phases.ts';
import {
  areaPath,
  COMMITTED_MARK,
  DONE_MARK,
  discardArea,
  JOURNAL_FILE,
  makeArea,
  UNDO_FILE,
  UNDOING_MARK,
  UNDONE_MARK,
  writeChecksummed,
} from '../store/area.ts';
import { placeBolt, removeBolt, segmentsDirs } from '../store/bolt.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { type Fence, isFencedBy, lowerFence, raiseFence } from '../store/fence.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import { boundsNow } from './bounds.ts';
import { areasIn, type JournalDocument, sequenceOf } from './documents.ts';
import { refuseIntruders } from './intruders.ts';
import { inReverse, type Participants } from './participants.ts';

/** The context of a transaction. */
export interface TransactionContext {
  readonly fs: DurableFs;
  readonly participants: Participants;
  readonly plan: RollbackPlan;
  /** Every directory that was locked: the roots, the snapshot directory and the tables below it. */
  readonly lockedDirs: readonly string[];
  /** Bounds below the snapshot directory as they were before; null if no journal holds them. */
  readonly bounds: Readonly<Record<string, string | null>> | null;
  /** Whether a directory's lock is still the one that this run took; null if it took none. */
  readonly ownsLock: ((dir: string) => boolean) | null;
}

/** Makes the areas, in which the process then claims the transaction. The database is not changed yet. */
export function prepareAreas({ fs, participants }: TransactionContext): void {
  for (const dir of participants.dirs) makeArea(fs, dir, participants.id);
}

/**
 * Makes the intent durable in every root. Once it returns, the transaction must be finished.
 * @param check throws when the database has changed since planning; called when the fences are up, before the
 * mark
 * @throws RollbackError ERR_LOCKED when another process came in between, what `check` throws (no step has been
 * taken, and the caller must clear the transaction away); raw errors
 */
export function begin(context: TransactionContext, keepUndo: boolean, now: Date, check: () => void): void {
  const { fs, participants, plan } = context;
  notePhase('begin', participants.id);
  const fence = fenceOf(context, now);
  for (const root of participants.roots) raiseFence(fs, root, fence, context.ownsLock);
  const sequence = nextSequence(fs, participants.dirs);
  const bounds = boundsNow(fs, participants, plan);
  participants.dirs.forEach((dir, i) => {
    const document: JournalDocument = {
      format: 'litt-rollback/journal',
      version: 1,
      id: participants.id,
      begunAt: now.toISOString(),
      roots: participants.roots.length,
      member: i < participants.roots.length ? i : 'snapshots',
      hasSnapshotDir: participants.snapshotDir !== null,
      keepUndo,
      sequence,
      ...(bounds !== null && { bounds }),
      plan,
    };
    writeChecksummed(fs, areaPath(dir, participants.id), JOURNAL_FILE, document);
  });
  // Fences outside the roots come only once the documents point to them: until then those directories have
  // ordinary locks, which a later run may take over from a dead process.
  for (const dir of outside(context)) raiseFence(fs, dir, fence, context.ownsLock);
  placeBolts(context);
  refuseIntruders(context);
  check();
  markAll(context, COMMITTED_MARK);
}

/**
 * Higher than the number of every transaction known to these directories: the clock may have been set back
 * since.
 */
function nextSequence(fs: DurableFs, dirs: readonly string[]): number {
  const known = dirs.flatMap((dir) => areasIn(fs, dir).map((area) => sequenceOf(area) ?? 0));
  return known.reduce((highest, n) => Math.max(highest, n), 0) + 1;
}

function fenceOf({ participants }: TransactionContext, begunAt: Date): Fence {
  const { id, roots, snapshotDir } = participants;
  return { id, begunAt, roots, snapshotDir };
}

/** Shuts every directory of a transaction again, since its fences may be gone. */
export function raiseFences(context: TransactionContext, begunAt: Date): void {
  const fence = fenceOf(context, begunAt);
  for (const dir of context.lockedDirs) raiseFence(context.fs, dir, fence, context.ownsLock);
}

/** Places the bolt in the segments directory of every planned table in every root. */
export function placeBolts(context: TransactionContext): void {
  for (const dir of boltDirs(context)) placeBolt(context.fs, dir, context.participants.id);
}

function boltDirs({ fs, participants, plan }: TransactionContext): string[] {
  return plan.tables.flatMap((t) => segmentsDirs(fs, participants.roots, t.table));
}

/** Puts a mark into every area, durably. */
export function markAll({ fs, participants }: TransactionContext, mark: string, value?: unknown): void {
  for (const area of participants.areas) writeChecksummed(fs, area, mark, value ?? { id: participants.id });
}

/** Ends a rollback whose steps are durable. Every part may be repeated after a crash. */
export function finishForward(context: TransactionContext): void {
  const { fs, participants } = context;
  notePhase('end', participants.id);
  markAll(context, DONE_MARK);
  for (const dir of boltDirs(context)) removeBolt(fs, dir, participants.id);
  for (const area of inReverse(participants.areas)) renameDocument(fs, area, JOURNAL_FILE, UNDO_FILE);
  unlock(context);
}

/** Discards the undo data of a finished rollback: after a crash before that, it can still be undone. */
export function discardUndoData(fs: DurableFs, { id, dirs }: Pick<Participants, 'id' | 'dirs'>): void {
  for (const dir of inReverse(dirs)) discardArea(fs, dir, id);
}

/** Ends an undo whose inverse steps are durable. Every part may be repeated after a crash. */
export function finishBackward(context: TransactionContext): void {
  notePhase('end', context.participants.id);
  markAll(context, UNDONE_MARK);
  discardAll(context);
}

/** Removes bolts, areas and fences: everything has been reverted. */
function discardAll(context: TransactionContext): void {
  const { fs, participants } = context;
  for (const dir of boltDirs(context)) removeBolt(fs, dir, participants.id);
  for (const dir of inReverse(participants.dirs)) discardArea(fs, dir, participants.id);
  unlock(context);
}

/** The snapshot directory and the tables below it, as far as they were locked. */
function outside({ participants, lockedDirs }: TransactionContext): string[] {
  return lockedDirs.filter((dir) => !participants.roots.includes(dir));
}

/**
 * Opens a transaction again, to revert it: first the bolts, then the marks that make it open, then the
 * document's name. An interrupted end may already have removed the bolts.
 */
export function beginUndo(context: TransactionContext, clear: unknown, now: Date): void {
  const { fs, participants } = context;
  notePhase('begin', participants.id);
  const fence = fenceOf(context, now);
  try {
    // The fences of an open transaction were raised, durably, when it was adopted.
    for (const dir of context.lockedDirs)
      if (!isFencedBy(fs, dir, participants.id)) raiseFence(fs, dir, fence, context.ownsLock);
  } catch (error) {
    // Another process came in between. A finished transaction stays finished: it was open in no root yet.
    if (context.ownsLock !== null) for (const dir of context.lockedDirs) lowerFence(fs, dir, participants.id);
    throw error;
  }
  placeBolts(context);
  markAll(context, UNDOING_MARK, clear);
  for (const area of participants.areas) renameDocument(fs, area, UNDO_FILE, JOURNAL_FILE);
}

function renameDocument(fs: DurableFs, area: string, from: string, to: string): void {
  if (lstatOrNull(fs, join(area, from)) === null) return;
  fs.rename(join(area, from), join(area, to));
  fs.fsyncDir(area);
}

/** The roots last, as at every end. */
function unlock(context: TransactionContext): void {
  const { fs, participants } = context;
  for (const dir of [...outside(context), ...participants.roots]) lowerFence(fs, dir, participants.id);
}
