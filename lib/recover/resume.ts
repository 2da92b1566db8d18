/** Resume: finishes what a crash has interrupted, forward or backward, without asking the filter again. */

import { finishApply, rollForward } from '../apply/roll-forward.ts';
import { type AuditEntry, audited, lineOf } from '../journal/audit.ts';
import { type FoundTransaction, findOpen, findTransactions } from '../journal/find.ts';
import { clearTransaction, finishRun, freeTrash, participantDirs } from '../journal/sweep.ts';
import { markAll, placeBolts, type TransactionContext } from '../journal/transaction.ts';
import { COMMITTED_MARK } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { resolveRoots } from '../store/roots.ts';
import { adoptTransaction, type ResumeOptions, stillOpenError } from './adopt.ts';
import { finishReverted, sweepLeftovers } from './leftovers.ts';
import { resumeRevert } from './revert.ts';

/**
 * What resume did: `nothing` was unfinished; `swept`: nothing had happened yet, and its traces are gone;
 * `cleaned`: only locks, bolts or files of no use were left; `finished` the rollback; `taken-back`: finished an undo.
 */
export interface ResumeOutcome {
  readonly action: 'nothing' | 'swept' | 'cleaned' | 'finished' | 'taken-back';
  readonly transaction: string | null;
  readonly target: string | null;
  readonly notices: readonly string[];
}

/**
 * Finishes the unfinished rollback (or undo) in the given roots.
 * @throws RollbackError ERR_LOCKED, ERR_ROOTS_UNCERTAIN, ERR_SNAPSHOT_DIR_NEEDED, ERR_JOURNAL: nothing was
 *   changed; ERR_UNFINISHED, ERR_IO, ERR_RESULT_WRONG: still unfinished, still shut
 */
export function resumeRollback(dirs: readonly string[], options: ResumeOptions = {}): Promise<ResumeOutcome> {
  return resumeWith(realFs, dirs, options);
}

/** resumeRollback() on any file system. */
export async function resumeWith(
  fs: DurableFs,
  given: readonly string[],
  options: ResumeOptions = {},
): Promise<ResumeOutcome> {
  const roots = resolveRoots(fs, given);
  try {
    return await resumeIn(fs, roots, options);
  } catch (error) {
    throw stillOpenError(error, roots[0] as string, 'resume');
  }
}

async function resumeIn(
  fs: DurableFs,
  roots: readonly string[],
  options: ResumeOptions,
): Promise<ResumeOutcome> {
  const open = findOpen(findTransactions(fs, roots));
  const dirs = participantDirs(fs, roots, options.snapshotDir);
  if (open === null) {
    const notices = sweepLeftovers(fs, roots, dirs, options);
    const action = notices === null ? 'nothing' : 'cleaned';
    return { action, transaction: null, target: null, notices: notices ?? [] };
  }
  const target = open.document?.plan.target ?? null;
  if (open.areas.some((a) => a.undone)) {
    const notices = finishReverted(fs, open, roots, options, 'resume');
    return { action: 'taken-back', transaction: open.id, target, notices };
  }
  const line = lineOf('resume', open.id, open.document?.plan);
  const context = await audited(fs, roots, line, () => goOn(fs, open, roots, options));
  if (context !== null) return ended(context, open, line);
  // An intent without its mark: nothing has happened.
  clearTransaction(fs, dirs, open.id);
  freeTrash(fs, dirs);
  return { action: 'swept', transaction: open.id, target, notices: [] };
}

/** What follows the end of either way: the audit's last word, and what a person must be told of. */
function ended(
  context: TransactionContext,
  { id, areas, document }: FoundTransaction,
  line: Omit<AuditEntry, 'outcome'>,
): ResumeOutcome {
  const { fs, participants, plan } = context;
  const about = { transaction: id, target: plan.target };
  if (areas.some((a) => a.undoing)) {
    const notices = finishRun(fs, participants.roots, participants.dirs, { ...line, outcome: 'taken back' });
    return { ...about, action: 'taken-back', notices };
  }
  const failures = finishApply(context, document?.keepUndo ?? true, { ...line, outcome: 'finished' });
  // What a person must do besides is said here: the run that would have said it has died.
  return { ...about, action: 'finished', notices: [...plan.notices, ...failures] };
}

/** Finishes what was begun, forward or backward; null when nothing was. */
async function goOn(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
): Promise<TransactionContext | null> {
  const { context, areas } = adoptTransaction(fs, open, roots, options);
  if (context === null) return null;
  if (areas.some((a) => a.undoing)) await resumeRevert(context, areas, options.onProgress);
  else {
    placeBolts(context);
    // A crash may have left the mark in some roots only, or not yet durable: no step comes before that.
    markAll(context, COMMITTED_MARK);
    const isDone = areas.some((a) => a.done);
    await rollForward(context, options.onProgress, isDone);
  }
  return context;
}
