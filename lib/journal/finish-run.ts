/** The end of every run that has done its work: unwanted undo data, the audit, the space. */
import { ioError } from '../errors.ts';
import { emptyTrash, hasTrash } from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { fenceIn } from '../store/fence.ts';
import type { RollbackPlan } from '../types.ts';
import { type AuditEntry, audit, lineOf } from './audit.ts';
import type { Participants } from './participants.ts';
import { discardUndoData } from './transaction.ts';

/** A transaction at its end. Its plan may have gone with its documents. */
export interface EndedTransaction {
  readonly fs: DurableFs;
  readonly participants: Pick<Participants, 'id' | 'roots' | 'dirs'>;
  readonly plan: Pick<RollbackPlan, 'digest' | 'target' | 'tables'> | undefined;
}

/** The command that ended a transaction, and the outcome. */
export type RunEnd =
  | { readonly action: 'apply' | 'resume'; readonly outcome: 'finished'; readonly keepUndo: boolean }
  | { readonly action: 'resume' | 'undo'; readonly outcome: 'taken back' };

/**
 * Ends a run on one transaction: discards undo data that is not kept, writes the audit line, and frees the
 * space of discarded data. Returns what the user must know.
 * @throws RollbackError ERR_IO: everything is done, but some space is not free
 */
export function finishRun(transaction: EndedTransaction, how: RunEnd): string[] {
  const { fs, participants, plan } = transaction;
  const { id, roots, dirs } = participants;
  const entry = { ...lineOf(how.action, id, plan), outcome: how.outcome };
  try {
    if (how.outcome === 'finished' && !how.keepUndo)
      asFreeError(roots[0] as string, () => discardUndoData(fs, participants));
  } catch (error) {
    audit(fs, roots, entry, new Date());
    throw error;
  }
  return tellAndFree(fs, roots, dirs, [entry]);
}

/**
 * Writes audit lines and frees the space of discarded data, unless a line failed: a disk that has just refused
 * a write is not trusted with a removal. A full disk is: what failed is written again after the removal. Returns
 * the failures, and that the space is still held.
 * @throws RollbackError ERR_IO
 */
export function tellAndFree(
  fs: DurableFs,
  roots: readonly string[],
  dirs: readonly string[],
  entries: readonly AuditEntry[],
): string[] {
  const at = new Date();
  const untold = entries.flatMap((entry) =>
    audit(fs, roots, entry, at).map((failure) => ({ entry, ...failure })),
  );
  const texts = untold.map(({ text }) => text);
  if (untold.every(({ isNoRoom }) => isNoRoom)) {
    freeTrash(fs, dirs);
    const isTold = untold.map(({ entry, root }) => audit(fs, [root], entry, at).length === 0);
    return texts.map((text, i) => (isTold[i] ? `${text}; it was written once there was room again` : text));
  }
  return dirs.some((dir) => mayHoldTrash(fs, dir)) ? [...texts, STILL_HELD] : texts;
}

const STILL_HELD =
  'the space of what is no longer needed is still held: `litt-rollback resume` frees it, once the cause is repaired';

function mayHoldTrash(fs: DurableFs, dir: string): boolean {
  try {
    return hasTrash(fs, dir);
  } catch {
    return true; // The work is done, and the failure of the disk was reported: it does not turn success into failure.
  }
}

/**
 * Frees the space of discarded data; nothing depends on that data any more, but for what another run has discarded that
 * has not lowered its fence yet.
 * @throws RollbackError ERR_IO
 */
export function freeTrash(fs: DurableFs, dirs: readonly string[]): void {
  for (const dir of dirs) asFreeError(dir, () => emptyTrash(fs, dir, fenceIn(fs, dir)?.id ?? null));
}

/** Frees space after everything else is done; an error says so. */
function asFreeError(dir: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const state =
      'Everything else is done, and the database may be used: `litt-rollback resume` frees the rest';
    throw ioError(error, dir, 'free what is no longer needed', state);
  }
}
