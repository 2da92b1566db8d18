/** Whether a plan was carried out before: the areas and the audits of its roots tell. Reads only. */
import { auditLines } from '../journal/audit.ts';
import { type FoundTransaction, findTransactions } from '../journal/find.ts';
import { Participants } from '../journal/participants.ts';
import { stateOfLog } from '../journal/rewind-log.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan, Step } from '../types.ts';

/** An earlier apply of the same plan. */
export interface EarlierApply {
  /** The transaction; a plan gives it its id. */
  readonly transaction: string;
  /** RFC 3339; null where only the area tells of it, and not when. */
  readonly at: string | null;
  /** RFC 3339; when it was taken back, null when it was not. */
  readonly undoneAt: string | null;
  /** Whether the audit tells of its end: a run may be killed right before it writes that line. */
  readonly isTold: boolean;
  /** Whether undo data of it is kept. */
  readonly undoable: boolean;
  /** Whether it was not taken back, and the files are still cut as it left them. */
  readonly stands: boolean;
}

/**
 * The last time that this plan was carried out in its roots; null when it never was, or was not finished.
 * @param found the transactions in its roots, where the caller has read them
 */
export function earlierApply(
  fs: DurableFs,
  plan: RollbackPlan,
  found: readonly FoundTransaction[] = findTransactions(fs, plan.roots),
): EarlierApply | null {
  const area = found.find((t) => t.id === plan.id);
  const isKept = area?.phase === 'closed';
  const lines = plan.roots
    .flatMap((root) => auditLines(fs, root))
    .filter((line) => line.transaction === plan.id && (line.plan === null || line.plan === plan.digest))
    .sort((a, b) => Number(a.at > b.at) - Number(a.at < b.at));
  const finished = lines.findLast((line) => line.outcome === 'finished');
  if (finished === undefined && !isKept) return null;
  const undone = lines.findLast((line) => line.outcome === 'taken back');
  const isUndone = !isKept && undone !== undefined && undone.at >= (finished?.at ?? '');
  return {
    transaction: plan.id,
    at: finished?.at ?? area?.begunAt ?? null,
    undoneAt: isUndone ? undone.at : null,
    isTold: finished !== undefined,
    undoable: isKept,
    stands: !isUndone && stillCut(fs, plan),
  };
}

/** The earlier apply in a sentence without its stop. */
export function earlierToText({ transaction, at, undoneAt, stands }: EarlierApply): string {
  const applied = `this plan was applied here already${at === null ? '' : `, at ${at}`}, as transaction ${transaction}`;
  if (stands) return applied;
  if (undoneAt !== null) return `${applied}, and taken back at ${undoneAt}`;
  return `${applied}, and its files are not as that left them: an older copy may have been put in their place`;
}

/**
 * Whether the files look as if they had been cut and not been put back. What was removed may be there again: a node that
 * goes on writes segments of the same numbers, but it never lengthens one that was cut.
 */
function stillCut(fs: DurableFs, { id, roots, snapshotDir, tables, logIndex }: RollbackPlan): boolean {
  const participants = new Participants(id, roots, snapshotDir, logIndex ?? null);
  const log = logIndex?.step ?? null;
  if (log !== null && stateOfLog(fs, log, participants.pathOf(log)) === 'before') return false;
  const sizeOf = (step: Step): number | null => lstatOrNull(fs, participants.pathOf(step))?.size ?? null;
  return tables.every(({ steps }) => {
    const cuts = steps.filter((s) => s.op === 'cut-file');
    if (cuts.length > 0) return cuts.every((step) => [step.to, null].includes(sizeOf(step)));
    const removed = steps.filter((s) => s.op === 'remove-file').filter((s) => s.size > 0);
    return removed.length === 0 || removed.some((step) => sizeOf(step) !== step.size);
  });
}
