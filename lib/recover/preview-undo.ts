/** What undo would do now: the checks that it makes, and nothing changed. */
import { type ErrorCode, ioError, type RollbackError } from '../errors.ts';
import { type AreaState, missingDocumentError } from '../journal/documents.ts';
import {
  contextOf,
  type FoundTransaction,
  findOpen,
  type GivenPlaces,
  refuseTooFewRoots,
} from '../journal/find.ts';
import { refuseForeignLogIndex } from '../journal/log-index-place.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { refuseMissingSnapshotDir } from './adopt.ts';
import { additionsAtEnd, additionsOf, newestClosed, notBegunError, nothingToUndoError } from './undo.ts';
import { refuseTooLittleRoomToUndo } from './undo-room.ts';

/** Whether undo would take a rollback back. */
export interface UndoCheck {
  /** `incomplete-source`: roots or the snapshot directory were not given, and without them it cannot be told. */
  readonly possible: 'now' | 'after-newer' | 'incomplete-source' | 'refused';
  /** The error with which undo would refuse; null where it would not. */
  readonly code: ErrorCode | null;
  readonly reason: string | null;
  readonly path: string | null;
}

/** Which rollback undo would take back, and why it would refuse. */
export interface UndoPreview {
  /** Null where it would refuse before it has chosen one. */
  readonly id: string | null;
  /** Null where it would not refuse. */
  readonly refusal: RollbackError | null;
}

/**
 * Makes the checks of undo on the transactions that were found. Locks are not looked at: who holds them now says nothing
 * of the time at which a person undoes.
 */
export function previewUndo(
  fs: DurableFs,
  roots: readonly string[],
  found: readonly FoundTransaction[],
  places: GivenPlaces = {},
): UndoPreview {
  let id: string | null = null;
  const choose = (transaction: FoundTransaction): void => {
    id = transaction.id;
  };
  try {
    const open = findOpen(found);
    if (open === null) checkClosed(fs, roots, found, places, choose);
    else {
      choose(open);
      checkOpen(fs, roots, open, places);
    }
    return { id, refusal: null };
  } catch (error) {
    return { id, refusal: ioError(error, roots[0] as string, 'look at what undo needs') };
  }
}

function checkClosed(
  fs: DurableFs,
  roots: readonly string[],
  found: readonly FoundTransaction[],
  places: GivenPlaces,
  choose: (transaction: FoundTransaction) => void,
): void {
  if (!found.some((t) => t.phase === 'closed')) throw nothingToUndoError();
  const { transaction, document, newer, older } = newestClosed(fs, found, roots);
  choose(transaction);
  const context = contextOf(fs, transaction, document, places);
  refuseTooLittleRoomToUndo(context, additionsOf(context, newer).length, older);
}

function checkOpen(
  fs: DurableFs,
  roots: readonly string[],
  open: FoundTransaction,
  places: GivenPlaces,
): void {
  const { phase, document, areas } = open;
  if (phase === 'lost') throw missingDocumentError(areas[0] as AreaState);
  if (phase === 'intent') throw notBegunError();
  if (phase === 'reverted' || document === null) {
    refuseTooFewRoots(fs, open, roots);
    refuseMissingSnapshotDir(document, places);
    return;
  }
  const context = contextOf(fs, open, document, places);
  if (phase === 'done') additionsAtEnd(context);
  else refuseForeignLogIndex(context);
}

const INCOMPLETE: readonly ErrorCode[] = [
  'ERR_ROOTS_UNCERTAIN',
  'ERR_SNAPSHOT_DIR_NEEDED',
  'ERR_SNAPSHOT_DIR_WRONG',
  'ERR_LOG_INDEX_NEEDED',
];

/** Undo takes back one rollback: what stands behind that one waits, and what stands before it cannot be read. */
export function undoOf(
  found: readonly FoundTransaction[],
  at: number,
  { id, refusal }: UndoPreview,
): UndoCheck {
  const chosen = id === null ? 0 : found.findIndex((t) => t.id === id);
  if (at > chosen) return { possible: 'after-newer', code: null, reason: null, path: null };
  if (at < chosen) {
    const reason = 'What it keeps for undo cannot be read by this version';
    return { possible: 'refused', code: 'ERR_JOURNAL', reason, path: null };
  }
  if (refusal === null) return { possible: 'now', code: null, reason: null, path: null };
  const { code, what, place } = refusal;
  const possible = INCOMPLETE.includes(code) ? 'incomplete-source' : 'refused';
  return { possible, code, reason: what, path: place.path ?? null };
}
