/**
 * One rollback over many tables and roots, as one transaction.
 *
 * Order of the beginning: areas and runner, locks that fail closed in the roots, documents, such locks elsewhere,
 * bolts, the committed mark in every root, the locks read once more; then the steps. Order of the end: names durable,
 * the done (undone) mark in every root, bolts away, the document no longer called journal in any root, then the locks.
 *
 * Any committed mark means that every document and bolt is durable, so finishing is always possible. No mark
 * means that nothing has happened yet. A lock that fails closed without a journal means "only clean up".
 */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
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
import type { DurableFs } from '../store/durable-fs.ts';
import { isFencedBy, lowerFence, placeBolt, raiseFence, removeBolt, segmentsDirs } from '../store/fence.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import type { JournalDocument } from './documents.ts';
import { inReverse, type Participants } from './participants.ts';

/** What a transaction works with. */
export interface TransactionContext {
  readonly fs: DurableFs;
  readonly participants: Participants;
  readonly plan: RollbackPlan;
  /** Every directory that was locked: the roots, the snapshot directory and the tables below it. */
  readonly lockedDirs: readonly string[];
}

/** Makes the areas, in which the process then claims the transaction. Nothing has happened yet. */
export function prepareAreas({ fs, participants }: TransactionContext): void {
  for (const dir of participants.dirs) makeArea(fs, dir, participants.id);
}

/** Makes the intent durable in every root; when it returns, the transaction will be finished, come what may. */
export function begin(context: TransactionContext, keepUndo: boolean, now: Date): void {
  const { fs, participants, plan } = context;
  notePhase('begin', participants.id);
  for (const root of participants.roots) raiseFence(fs, root, participants.id, now);
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
      plan,
    };
    writeChecksummed(fs, areaPath(dir, participants.id), JOURNAL_FILE, document);
  });
  // Outside of the roots only when a document says so: until then they have ordinary locks, which a dead process leaves.
  for (const dir of outside(context)) raiseFence(fs, dir, participants.id, now);
  placeBolts(context);
  markAll(context, COMMITTED_MARK);
  refuseLostFence(context);
}

/** Every planned table's segments directory in every root gets the bolt. */
export function placeBolts(context: TransactionContext): void {
  for (const dir of boltDirs(context)) placeBolt(context.fs, dir);
}

function boltDirs({ fs, participants, plan }: TransactionContext): string[] {
  return plan.tables.flatMap((t) => segmentsDirs(fs, participants.roots, t.table));
}

/** Puts a mark into every area, durably. */
export function markAll({ fs, participants }: TransactionContext, mark: string, value?: unknown): void {
  for (const area of participants.areas) writeChecksummed(fs, area, mark, value ?? { id: participants.id });
}

/** The locks once more, after the intent is durable: somebody may have removed one in between. */
function refuseLostFence({ fs, participants }: TransactionContext): void {
  const open = participants.roots.find((root) => !isFencedBy(fs, root, participants.id));
  if (open === undefined) return;
  throw new RollbackError(
    'ERR_UNFINISHED',
    {
      what: 'A lock was removed or replaced while the rollback began',
      why: 'Somebody else may be opening the database; no segment has been changed yet',
      next: 'Make sure that nothing has the database open, then run `litt-rollback resume` or `undo`',
    },
    { path: open },
  );
}

/** Ends a rollback whose steps are durable. Every part may be repeated after a crash. */
export function finishForward(context: TransactionContext): void {
  const { fs, participants } = context;
  notePhase('end', participants.id);
  markAll(context, DONE_MARK);
  for (const dir of boltDirs(context)) removeBolt(fs, dir);
  for (const area of inReverse(participants.areas)) renameDocument(fs, area, JOURNAL_FILE, UNDO_FILE);
  unlock(context);
}

/** Discards what undo would need of a finished rollback: a crash before that leaves one that can still be undone. */
export function discardUndoData(fs: DurableFs, { id, dirs }: Pick<Participants, 'id' | 'dirs'>): void {
  for (const dir of inReverse(dirs)) discardArea(fs, dir, id);
}

/** Ends an undo whose inverse steps are durable. Every part may be repeated after a crash. */
export function finishBackward(context: TransactionContext): void {
  notePhase('end', context.participants.id);
  markAll(context, UNDONE_MARK);
  discardAll(context);
}

/** Takes bolts, areas and locks away: everything has been taken back. */
function discardAll(context: TransactionContext): void {
  const { fs, participants } = context;
  for (const dir of boltDirs(context)) removeBolt(fs, dir);
  for (const dir of inReverse(participants.dirs)) discardArea(fs, dir, participants.id);
  unlock(context);
}

/** The snapshot directory and the tables below it, as far as they were locked. */
function outside({ participants, lockedDirs }: TransactionContext): string[] {
  return lockedDirs.filter((dir) => !participants.roots.includes(dir));
}

/**
 * Opens a transaction again, to take it back: bolts before the marks, which say that it is open, and those before the
 * document's name. Of one whose end was interrupted the bolts may have been drawn.
 */
export function beginUndo(context: TransactionContext, clear: unknown, now: Date): void {
  const { fs, participants, lockedDirs } = context;
  notePhase('begin', participants.id);
  for (const dir of lockedDirs) raiseFence(fs, dir, participants.id, now);
  placeBolts(context);
  markAll(context, UNDOING_MARK, clear);
  for (const area of participants.areas) renameDocument(fs, area, UNDO_FILE, JOURNAL_FILE);
}

function renameDocument(fs: DurableFs, area: string, from: string, to: string): void {
  if (lstatOrNull(fs, join(area, from)) === null) return;
  fs.rename(join(area, from), join(area, to));
  fs.fsyncDir(area);
}

/** The roots last, as everything at an end. */
function unlock(context: TransactionContext): void {
  const { fs, participants } = context;
  for (const dir of [...outside(context), ...participants.roots]) lowerFence(fs, dir);
}
