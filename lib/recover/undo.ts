/** Undo: takes the last rollback back, byte for byte, finished or not. */
import { ioError, RollbackError, withIoErrors } from '../errors.ts';
import { postponing } from '../input/callbacks.ts';
import { refuseBadRoots } from '../input/checks.ts';
import { refuseBadOptions } from '../input/options.ts';
import { audited, lineOf } from '../journal/audit.ts';
import { asCall, type Call } from '../journal/claim.ts';
import { type AreaState, missingDocumentError } from '../journal/documents.ts';
import {
  contextOf,
  type FoundTransaction,
  findOpen,
  findTransactions,
  missingRoots,
} from '../journal/find.ts';
import { finishRun } from '../journal/finish-run.ts';
import { type HeldDirs, heldDirs, refuseIntruders } from '../journal/intruders.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { problemOfNotReverted, refuseMissingUndoData } from '../journal/undo-data.ts';
import { notePhase } from '../phases.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { withLocks } from '../store/lock-database.ts';
import { refuseAborted } from '../store/reading.ts';
import { resolveRoots } from '../store/roots.ts';
import { adoptTransaction, RESUME_CHECKS, type ResumeOptions, refuseOther, stillOpenError } from './adopt.ts';
import { type Addition, engineAdditions } from './check-undo.ts';
import { finishReverted } from './leftovers.ts';
import { forgottenRoots } from './missing-roots.ts';
import { resumeRevert, revert } from './revert.ts';
import { refuseTooLittleRoomToUndo } from './undo-room.ts';

/** The result of an undo. */
export interface UndoOutcome {
  readonly transaction: string;
  /** The target of the reverted rollback. */
  readonly target: string;
  /** Whether the rollback was finished. */
  readonly wasFinished: boolean;
  readonly notices: readonly string[];
}

/**
 * Reverts the unfinished rollback, or else the newest finished one.
 * @throws RollbackError ERR_USAGE, ERR_NOTHING_TO_UNDO, ERR_UNDO_REFUSED, ERR_PREFLIGHT, ERR_LOCKED,
 * ERR_ROOTS_UNCERTAIN, ERR_SNAPSHOT_DIR_NEEDED, ERR_JOURNAL, ERR_INTERRUPTED, ERR_TRANSACTION_UNKNOWN: nothing was
 * changed; ERR_UNFINISHED, ERR_IO: unfinished and shut
 */
export async function undoRollback(
  dirs: readonly string[],
  options: ResumeOptions = {},
): Promise<UndoOutcome> {
  refuseBadRoots(dirs);
  refuseBadOptions('undoRollback', options, RESUME_CHECKS);
  refuseAborted(options.signal);
  const fs = realFs;
  const roots = resolveRoots(fs, dirs);
  notePhase('undo', ...roots);
  const open = findOpen(findTransactions(fs, roots));
  return postponing(options, (guarded) => {
    if (open !== null) return undoOpen(fs, roots, guarded, open);
    // Locks or bolts without a journal, from an interrupted beginning or end, would keep undo from locking.
    return withLocks(dirs, options.snapshotDir, (locks, changesBegin) => {
      refuseAborted(options.signal);
      return undoWith(fs, roots, locks, guarded, changesBegin);
    });
  });
}

/** Reverts an unfinished rollback on any file system: the one that was found, or else the one in the roots. */
export async function undoOpen(
  fs: DurableFs,
  roots: readonly string[],
  options: ResumeOptions = {},
  found?: FoundTransaction,
): Promise<UndoOutcome> {
  try {
    const open = found ?? findOpen(findTransactions(fs, roots));
    if (open === null) throw nothingToUndoError();
    refuseOther(options, open.id, 'The unfinished rollback');
    return await asCall((call) => takeOpenBack(fs, open, roots, options, call));
  } catch (error) {
    throw stillOpenError(error, roots[0] as string, 'undo');
  }
}

async function takeOpenBack(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  call: Call,
): Promise<UndoOutcome> {
  if (open.phase === 'reverted') {
    const notices = finishReverted(fs, open, roots, options, 'undo', call);
    const target = open.document?.plan.target ?? '';
    return { transaction: open.id, target, wasFinished: open.marks.done, notices };
  }
  const line = lineOf('undo', open.id, open.document?.plan);
  const { context, wasDone } = await audited(fs, roots, line, () =>
    takeBackFrom(fs, open, roots, options, call),
  );
  return endUndo(context, wasDone);
}

async function takeBackFrom(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  call: Call,
): Promise<{ context: TransactionContext; wasDone: boolean }> {
  const adopted = adoptTransaction(fs, open, roots, options, call);
  if (adopted.phase === 'intent') throw notBegunError();
  const { context } = adopted;
  switch (adopted.phase) {
    case 'applying':
      await revert(context, [], options.onProgress);
      return { context, wasDone: false };
    case 'done':
      await revert(context, additionsAtEnd(context), options.onProgress);
      return { context, wasDone: true };
    case 'reverting':
      // It has its own list of files to move away.
      await resumeRevert(context, adopted.areas, options.onProgress);
      return { context, wasDone: adopted.wasDone };
  }
}

/**
 * Where every step was taken, an engine may have been started since; but not where an undo has begun and its
 * mark is lost.
 */
export function additionsAtEnd(context: TransactionContext): Addition[] {
  return problemOfNotReverted(context) === null ? additionsOf(context) : [];
}

/** Reverts the newest finished rollback on any file system; the caller holds the locks. */
export async function undoWith(
  fs: DurableFs,
  roots: readonly string[],
  locks: HeldDirs,
  options: ResumeOptions = {},
  onStart: () => void = () => {},
): Promise<UndoOutcome> {
  return withIoErrors(roots[0] as string, 'look at the database', () =>
    undoFinished(fs, roots, locks, options, onStart),
  );
}

async function undoFinished(
  fs: DurableFs,
  roots: readonly string[],
  locks: HeldDirs,
  options: ResumeOptions,
  onStart: () => void,
): Promise<UndoOutcome> {
  const { dirs, owns } = heldDirs(locks);
  const found = newestClosed(fs, findTransactions(fs, roots), roots);
  refuseOther(options, found.transaction.id, 'The newest rollback');
  const matched = contextOf(fs, found.transaction, found.document, options);
  const context = { ...matched, lockedDirs: matched.participants.locksOf(dirs), ownsLock: owns };
  const additions = additionsOf(context, found.newer);
  refuseTooLittleRoomToUndo(context, additions.length, found.older);
  return asCall(async (call) => {
    try {
      call.claimAreas(fs, context.participants.dirs, found.transaction.id, options.forceUnlock);
      refuseIntruders(context);
    } catch (error) {
      throw ioError(error, roots[0] as string, 'begin to undo');
    }
    onStart();
    const line = lineOf('undo', found.transaction.id, context.plan);
    await audited(fs, context.participants.roots, line, () => revert(context, additions, options.onProgress));
    return endUndo(context, true);
  });
}

/**
 * Compares the database with the result of the rollback. If that fails, a newer rollback that cannot be read
 * may be the reason.
 */
export function additionsOf(context: TransactionContext, newer?: AreaState): Addition[] {
  try {
    const additions = engineAdditions(context);
    refuseMissingUndoData(context);
    return additions;
  } catch (error) {
    throw newer === undefined ? error : missingDocumentError(newer);
  }
}

/** The newest finished transaction that can be read, the newer one that cannot, and the next older one. */
export function newestClosed(fs: DurableFs, found: readonly FoundTransaction[], roots: readonly string[]) {
  const closed = found.filter((t) => t.phase === 'closed');
  const at = closed.findIndex((t) => t.document !== null);
  const newer = lostPart(at < 0 ? closed[0] : closed[at - 1]);
  const transaction = closed[at];
  if (transaction?.document == null)
    throw newer === undefined ? nothingToUndoError() : missingDocumentError(newer);
  const { document, areas } = transaction;
  const lost = lostPart(transaction);
  if (lost !== undefined) throw missingDocumentError(lost);
  // A part that is missing, and lies in no root that was forgotten, was freed: purge was interrupted.
  const isFreed = forgottenRoots(fs, transaction, roots).length === 0;
  if (missingRoots(areas, document).length > 0 && isFreed) throw partlyFreedError();
  return { transaction, document, newer, older: closed[at + 1] };
}

function lostPart(found: FoundTransaction | undefined): AreaState | undefined {
  return found?.areas.find((a) => a.state === 'closed' && a.document === null);
}

function partlyFreedError(): RollbackError {
  return new RollbackError('ERR_NOTHING_TO_UNDO', {
    what: 'What the newest rollback kept for undo has been freed in part',
    why: 'The rest cannot undo it, and older rollbacks can only be undone after it',
    next: 'Free the rest with `litt-rollback purge`; an older state can only come from a backup',
  });
}

/** The refusal where nothing is kept for undo. */
export function nothingToUndoError(): RollbackError {
  return new RollbackError('ERR_NOTHING_TO_UNDO', {
    what: 'There is nothing to undo in these roots',
    why: 'No rollback was applied here, or what it kept has been purged',
    next: 'See `litt-rollback status`; an older state can only come from a backup',
  });
}

/** The refusal where traces alone are left. */
export function notBegunError(): RollbackError {
  const next = 'Run `litt-rollback resume`: it clears the traces away';
  const what = 'The rollback had not begun to change anything';
  return new RollbackError('ERR_NOTHING_TO_UNDO', { what, next });
}

function endUndo(context: TransactionContext, wasFinished: boolean): UndoOutcome {
  const notices = finishRun(context, { action: 'undo', outcome: 'taken back' });
  return { transaction: context.participants.id, target: context.plan.target, wasFinished, notices };
}
