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
  writeSealed,
} from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { closeLock, drawBolt, isClosedBy, openLock, segmentsDirs, shootBolt } from '../store/guard.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import type { JournalDocument } from './documents.ts';
import { type Members, rootsLast } from './participants.ts';

/** What a transaction works with. */
export interface TransactionContext {
  readonly fs: DurableFs;
  readonly members: Members;
  readonly plan: RollbackPlan;
  /** Every directory that was locked: the roots, the snapshot directory and the tables below it. */
  readonly lockedDirs: readonly string[];
}

/** Makes the areas, in which the process then claims the transaction. Nothing has happened yet. */
export function prepareAreas({ fs, members }: TransactionContext): void {
  for (const dir of members.dirs) makeArea(fs, dir, members.id);
}

/** Makes the intent durable in every root; when it returns, the transaction will be finished, come what may. */
export function begin(context: TransactionContext, keepUndo: boolean, now: Date): void {
  const { fs, members, plan } = context;
  for (const root of members.roots) closeLock(fs, root, members.id, now);
  members.dirs.forEach((dir, i) => {
    const document: JournalDocument = {
      format: 'litt-rollback/journal',
      version: 1,
      id: members.id,
      begunAt: now.toISOString(),
      roots: members.roots.length,
      member: i < members.roots.length ? i : 'snapshots',
      hasSnapshotDir: members.snapshotDir !== null,
      keepUndo,
      plan,
    };
    writeSealed(fs, areaPath(dir, members.id), JOURNAL_FILE, document);
  });
  // Outside of the roots only when a document says so: until then they have ordinary locks, which a dead process leaves.
  for (const dir of outside(context)) closeLock(fs, dir, members.id, now);
  shootBolts(context);
  markAll(context, COMMITTED_MARK);
  requireLocks(context);
}

/** Every planned table's segments directory in every root gets the bolt. */
export function shootBolts(context: TransactionContext): void {
  for (const dir of boltDirs(context)) shootBolt(context.fs, dir);
}

function boltDirs({ fs, members, plan }: TransactionContext): string[] {
  return plan.tables.flatMap((t) => segmentsDirs(fs, members.roots, t.table));
}

/** Puts a mark into every area, durably. */
export function markAll({ fs, members }: TransactionContext, mark: string, value?: unknown): void {
  for (const area of members.areas) writeSealed(fs, area, mark, value ?? { id: members.id });
}

/** The locks once more, after the intent is durable: somebody may have removed one in between. */
function requireLocks({ fs, members }: TransactionContext): void {
  const open = members.roots.find((root) => !isClosedBy(fs, root, members.id));
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
  const { fs, members } = context;
  markAll(context, DONE_MARK);
  for (const dir of boltDirs(context)) drawBolt(fs, dir);
  for (const area of rootsLast(members.areas)) renameDocument(fs, area, JOURNAL_FILE, UNDO_FILE);
  unlock(context);
}

/** Discards what undo would need of a finished rollback: a crash before that leaves one that can still be undone. */
export function discardKept({ fs, members }: TransactionContext): void {
  for (const dir of rootsLast(members.dirs)) discardArea(fs, dir, members.id);
}

/** Ends an undo whose inverse steps are durable. Every part may be repeated after a crash. */
export function finishBackward(context: TransactionContext): void {
  markAll(context, UNDONE_MARK);
  discardAll(context);
}

/** Takes bolts, areas and locks away: everything has been taken back. */
function discardAll(context: TransactionContext): void {
  const { fs, members } = context;
  for (const dir of boltDirs(context)) drawBolt(fs, dir);
  for (const dir of rootsLast(members.dirs)) discardArea(fs, dir, members.id);
  unlock(context);
}

/** The snapshot directory and the tables below it, as far as they were locked. */
function outside({ members, lockedDirs }: TransactionContext): string[] {
  return lockedDirs.filter((dir) => !members.roots.includes(dir));
}

/**
 * Opens a transaction again, to take it back: bolts before the marks, which say that it is open, and those before the
 * document's name. Of one whose end was interrupted the bolts may have been drawn.
 */
export function beginUndo(context: TransactionContext, clear: unknown, now: Date): void {
  const { fs, members, lockedDirs } = context;
  for (const dir of lockedDirs) closeLock(fs, dir, members.id, now);
  shootBolts(context);
  markAll(context, UNDOING_MARK, clear);
  for (const area of members.areas) renameDocument(fs, area, UNDO_FILE, JOURNAL_FILE);
}

function renameDocument(fs: DurableFs, area: string, from: string, to: string): void {
  if (lstatOrNull(fs, join(area, from)) === null) return;
  fs.rename(join(area, from), join(area, to));
  fs.fsyncDir(area);
}

/** The roots last, as everything at an end. */
function unlock(context: TransactionContext): void {
  const { fs, members } = context;
  for (const dir of [...outside(context), ...members.roots]) openLock(fs, dir);
}
