/** Resume: finishes an interrupted rollback, forward or backward, without asking the filter again. */

import { rollForward } from '../apply/roll-forward.ts';
import { postponing } from '../input/callbacks.ts';
import { refuseBadRoots } from '../input/checks.ts';
import { refuseBadOptions } from '../input/options.ts';
import { audited, lineOf } from '../journal/audit.ts';
import { asCall, type Call } from '../journal/claim.ts';
import { type FoundTransaction, findOpen, findTransactions } from '../journal/find.ts';
import { finishRun, freeTrash } from '../journal/finish-run.ts';
import { clearTransaction, participantDirs } from '../journal/sweep.ts';
import { markAll, placeBolts } from '../journal/transaction.ts';
import { notePhase } from '../phases.ts';
import { keptAboveNotices } from '../plan/kept-above.ts';
import { COMMITTED_MARK } from '../store/area.ts';
import { boltIn } from '../store/bolt.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { fenceIn } from '../store/fence.ts';
import { refuseAborted } from '../store/reading.ts';
import { resolveRoots } from '../store/roots.ts';
import {
  type Adopted,
  adoptTransaction,
  RESUME_CHECKS,
  type ResumeOptions,
  refuseOther,
  stillOpenError,
} from './adopt.ts';
import { finishReverted, sweepLeftovers } from './leftovers.ts';
import { resumeRevert } from './revert.ts';

/**
 * What resume did. `nothing`: no rollback was unfinished. `swept`: no change had been made yet, and the traces
 * are removed. `cleaned`: only locks, bolts or useless files were left. `finished`: finished the rollback.
 * `taken-back`: finished an undo.
 */
export interface ResumeOutcome {
  readonly action: 'nothing' | 'swept' | 'cleaned' | 'finished' | 'taken-back';
  readonly transaction: string | null;
  readonly target: string | null;
  readonly notices: readonly string[];
}

/**
 * Finishes the unfinished rollback (or undo) in the given roots.
 * @throws RollbackError ERR_USAGE, ERR_LOCKED, ERR_ROOTS_UNCERTAIN, ERR_SNAPSHOT_DIR_NEEDED, ERR_JOURNAL,
 * ERR_INTERRUPTED, ERR_TRANSACTION_UNKNOWN: nothing was changed; ERR_UNFINISHED, ERR_IO, ERR_RESULT_WRONG: still
 * unfinished, still shut
 */
export async function resumeRollback(
  dirs: readonly string[],
  options: ResumeOptions = {},
): Promise<ResumeOutcome> {
  refuseBadRoots(dirs);
  refuseBadOptions('resumeRollback', options, RESUME_CHECKS);
  refuseAborted(options.signal);
  return postponing(options, (guarded) => resumeWith(realFs, dirs, guarded));
}

/** resumeRollback() on any file system. */
export async function resumeWith(
  fs: DurableFs,
  given: readonly string[],
  options: ResumeOptions = {},
): Promise<ResumeOutcome> {
  const roots = resolveRoots(fs, given);
  notePhase('resume', ...roots);
  try {
    return await asCall((call) => resumeIn(fs, roots, options, call));
  } catch (error) {
    throw stillOpenError(error, roots[0] as string, 'resume');
  }
}

async function resumeIn(
  fs: DurableFs,
  roots: readonly string[],
  options: ResumeOptions,
  call: Call,
): Promise<ResumeOutcome> {
  const open = findOpen(findTransactions(fs, roots));
  const dirs = participantDirs(fs, roots, options.snapshotDir);
  if (open === null) {
    for (const dir of dirs) refuseOtherGuard(fs, dir, options);
    const notices = sweepLeftovers(fs, roots, dirs, options, call);
    const action = notices === null ? 'nothing' : 'cleaned';
    return { action, transaction: null, target: null, notices: notices ?? [] };
  }
  refuseOther(options, open.id, 'The unfinished rollback');
  const about = { transaction: open.id, target: open.document?.plan.target ?? null };
  if (open.phase === 'reverted') {
    const notices = finishReverted(fs, open, roots, options, 'resume', call);
    return { ...about, action: 'taken-back', notices };
  }
  const line = lineOf('resume', open.id, open.document?.plan);
  const adopted = await audited(fs, roots, line, () => goOn(fs, open, roots, options, call));
  switch (adopted.phase) {
    case 'intent':
      clearTransaction(fs, dirs, open.id);
      freeTrash(fs, dirs);
      return { ...about, action: 'swept', notices: [] };
    case 'reverting':
      return {
        ...about,
        action: 'taken-back',
        notices: finishRun(adopted.context, { action: 'resume', outcome: 'taken back' }),
      };
    case 'applying':
    case 'done': {
      const keepUndo = open.document?.keepUndo ?? true;
      const failures = finishRun(adopted.context, { action: 'resume', outcome: 'finished', keepUndo });
      // Prints what else the user must do: the interrupted run can no longer say it.
      const { plan } = adopted.context;
      const notices = [...keptAboveNotices(plan), ...plan.notices, ...failures];
      return { ...about, action: 'finished', notices };
    }
  }
}

/** A fence or a bolt that is left alone by name. */
function refuseOtherGuard(fs: DurableFs, dir: string, options: ResumeOptions): void {
  const id = fenceIn(fs, dir)?.id ?? boltIn(fs, dir)?.owner ?? null;
  if (id !== null) refuseOther(options, id, 'The rollback that has shut this database');
}

/** Finishes the transaction, forward or backward. */
async function goOn(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  call: Call,
): Promise<Adopted> {
  const adopted = adoptTransaction(fs, open, roots, options, call);
  switch (adopted.phase) {
    case 'intent':
      break;
    case 'reverting':
      await resumeRevert(adopted.context, adopted.areas, options.onProgress);
      break;
    case 'applying':
    case 'done':
      placeBolts(adopted.context);
      // A crash may have left the mark in some roots only, or not yet durable: no step comes before the mark.
      markAll(adopted.context, COMMITTED_MARK);
      await rollForward(adopted.context, options.onProgress, adopted.phase === 'done');
  }
  return adopted;
}
