/**
 * Checks that all undo data exists before an undo starts, since there is no other way out afterwards. Also used
 * before finishing, to detect a half-done undo.
 */

import { RollbackError } from '../errors.ts';
import { listLogIndex } from '../logindex/files.ts';
import { isDerived } from '../plan/step-effects.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep, RewindLogStep } from '../types.ts';
import { stateOfLog } from './rewind-log.ts';
import { stepsOf } from './run-steps.ts';
import { isBefore, problemOfRemovable } from './step-states.ts';
import type { TransactionContext } from './transaction.ts';

/**
 * Checks the undo data of a finished rollback against its steps, all of which were carried out.
 * @throws RollbackError ERR_UNDO_REFUSED; what the file system throws
 */
export function refuseMissingUndoData(context: TransactionContext): void {
  stepsOf(context).forEach((step, index) => {
    const [path, problem] = keptOf(context, step, index);
    if (problem === null) return;
    throw new RollbackError(
      'ERR_UNDO_REFUSED',
      {
        what: `The database is not as the rollback left it: what was kept for undo ${problem}`,
        why: `${context.participants.pathOf(step)} cannot be put back without it. Nothing was changed`,
        next: 'Put it back from a backup of this directory, or restore the database from one',
      },
      { path, table: step.table },
    );
  });
}

/** The path of a step's undo data, and the problem with it; null if there is none. */
function keptOf(
  { fs, participants }: TransactionContext,
  step: AnyStep,
  index: number,
): readonly [string, string | null] {
  const at = (what: 'removed' | 'original' | 'tail'): string => participants.undoPath(step, index, what);
  switch (step.op) {
    case 'remove-file':
    case 'remove-link':
    case 'remove-directory': {
      const path = at('removed');
      const stat = lstatOrNull(fs, path);
      if (stat === null) return [path, isDerived(step) ? null : 'is gone'];
      return [path, problemOfRemovable(fs, step, path, stat)];
    }
    case 'cut-file':
    case 'rewrite-keys':
    case 'replace-file': {
      const path = at('original');
      const stat = lstatOrNull(fs, path);
      if (stat !== null) return [path, isBefore(fs, step, path, stat) ? null : 'is another file'];
      if (step.op !== 'cut-file') return [path, 'is gone'];
      const tail = lstatOrNull(fs, at('tail'));
      const size = step.from - step.to;
      if (tail?.kind === 'file' && tail.size === size) return [at('tail'), null];
      return [at('tail'), tail === null ? 'is gone' : `has ${tail.size} bytes instead of ${size}`];
    }
    case 'rewind-log': {
      const stat = lstatOrNull(fs, at('original'));
      if (step.from === null) return [at('original'), null];
      if (stat === null) return [at('original'), 'is gone'];
      return [at('original'), stat.size === step.from ? null : 'is another file'];
    }
  }
}

/**
 * Refuses a rollback that is marked done but has a step that was already reverted: an undo was under way, and
 * its mark is damaged or gone. Files that an engine has added since do not matter here.
 * @throws RollbackError ERR_UNFINISHED; what the file system throws
 */
export function refuseNotReverted(context: TransactionContext): void {
  const step = problemOfNotReverted(context);
  if (step === null) return;
  throw new RollbackError(
    'ERR_UNFINISHED',
    {
      what: 'This rollback was being taken back, and the mark that says so is damaged or gone',
      why: 'Finishing it would leave the database mixed, and open',
      next: 'Run `litt-rollback undo`: it reverts the rest',
    },
    { path: context.participants.pathOf(step), table: step.table },
  );
}

/** A step of a finished rollback that has been reverted; null when none has. */
export function problemOfNotReverted(context: TransactionContext): AnyStep | null {
  return stepsOf(context).find((step, index) => isTakenBack(context, step, index)) ?? null;
}

function isTakenBack(context: TransactionContext, step: AnyStep, index: number): boolean {
  if (step.op === 'rewind-log') return isLogTakenBack(context, step);
  const { fs, participants } = context;
  // The engine may have made it again.
  if (isDerived(step)) return false;
  const path = participants.pathOf(step);
  const stat = lstatOrNull(fs, path);
  if (stat === null) return false;
  const keeps = (what: 'removed' | 'original'): boolean =>
    lstatOrNull(fs, participants.undoPath(step, index, what)) !== null;
  switch (step.op) {
    case 'remove-file':
    case 'remove-link':
    case 'remove-directory':
      return !keeps('removed');
    case 'cut-file':
      return stat.size !== step.to;
    case 'rewrite-keys':
    case 'replace-file':
      return !keeps('original') && isBefore(fs, step, path, stat);
  }
}

/** One more log may be gone because an engine was started: then other files are there, too. */
function isLogTakenBack({ fs, participants, plan }: TransactionContext, step: RewindLogStep): boolean {
  if (stateOfLog(fs, step, participants.pathOf(step)) !== 'before') return false;
  const planned = plan.fingerprint.filter(([place]) => place === 'log-index').map(([, name]) => name);
  const found = listLogIndex(fs, participants.base('log-index')).map(({ name }) => name);
  return planned.toSorted().join('/') === found.join('/');
}
