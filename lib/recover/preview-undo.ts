/** What undo would do now: the checks that it makes, and nothing changed. */
import { ioError, type RollbackError } from '../errors.ts';
import { type AreaState, missingDocumentError } from '../journal/documents.ts';
import { contextOf, type FoundTransaction, findOpen, refuseTooFewRoots } from '../journal/find.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { refuseMissingSnapshotDir } from './adopt.ts';
import { additionsAtEnd, additionsOf, newestClosed, notBegunError, nothingToUndoError } from './undo.ts';

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
  snapshotDir: string | undefined,
): UndoPreview {
  let id: string | null = null;
  const choose = (transaction: FoundTransaction): void => {
    id = transaction.id;
  };
  try {
    const open = findOpen(found);
    if (open === null) checkClosed(fs, roots, found, snapshotDir, choose);
    else {
      choose(open);
      checkOpen(fs, roots, open, snapshotDir);
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
  snapshotDir: string | undefined,
  choose: (transaction: FoundTransaction) => void,
): void {
  if (!found.some((t) => t.phase === 'closed')) throw nothingToUndoError();
  const { transaction, document, newer } = newestClosed(fs, found, roots);
  choose(transaction);
  additionsOf(contextOf(fs, transaction, document, snapshotDir), newer);
}

function checkOpen(
  fs: DurableFs,
  roots: readonly string[],
  open: FoundTransaction,
  snapshotDir: string | undefined,
): void {
  const { phase, document, areas } = open;
  if (phase === 'lost') throw missingDocumentError(areas[0] as AreaState);
  if (phase === 'intent') throw notBegunError();
  if (phase === 'reverted' || document === null) {
    refuseTooFewRoots(fs, open, roots);
    refuseMissingSnapshotDir(document, { snapshotDir });
    return;
  }
  const context = contextOf(fs, open, document, snapshotDir);
  if (phase === 'done') additionsAtEnd(context);
}
