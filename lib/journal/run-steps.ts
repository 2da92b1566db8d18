/** Runs the steps of a transaction forward or backward, and says what state an error leaves. */
import { runSteps } from '../../streams/pipeline.ts';
import { errnoOf, ioError, RollbackError } from '../errors.ts';
import { notePhase } from '../phases.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import { fileKey } from '../plan/step-paths.ts';
import type { AnyStep, Progress } from '../types.ts';
import { StepExecutor, type StepResult } from './execute-step.ts';
import { StepReverter } from './revert-step.ts';
import type { TransactionContext } from './transaction.ts';

/** How many steps changed something, and how many were already done. */
export interface StepCounts {
  done: number;
  alreadyDone: number;
}

/** Before the first step. */
export const NO_STEPS: Readonly<StepCounts> = { done: 0, alreadyDone: 0 };

/** All steps of a plan, in order. */
export function stepsOf(context: TransactionContext): AnyStep[] {
  return stepsOfPlan(context.plan);
}

/**
 * Carries out every step and makes it durable.
 * @throws RollbackError ERR_UNFINISHED, ERR_IO: the transaction stays open
 */
export function runForward(
  context: TransactionContext,
  onProgress?: (p: Progress) => void,
): Promise<StepCounts> {
  const forward = new StepExecutor(context.fs, context.participants);
  const steps = stepsOf(context).map((step, index) => ({ step, index }));
  return run(
    context,
    steps,
    (step, index) => forward.execute(step, index),
    () => forward.flush(),
    onProgress,
  );
}

/**
 * Reverts every step, the last one first, and makes that durable.
 * @throws RollbackError ERR_UNFINISHED, ERR_IO: the transaction stays open
 */
export function runBackward(
  context: TransactionContext,
  onProgress?: (p: Progress) => void,
): Promise<StepCounts> {
  const backward = new StepReverter(context.fs, context.participants, timesBefore(context));
  const steps = stepsOf(context)
    .map((step, index) => ({ step, index }))
    .reverse();
  return run(
    context,
    steps,
    (step, index) => backward.undo(step, index),
    () => backward.flush(),
    onProgress,
  );
}

/** Times of change of the files when the plan was made, by file; directories have none. */
function timesBefore({ plan }: TransactionContext): Map<string, string> {
  const files = plan.fingerprint.filter(([, , , mtimeNs]) => mtimeNs !== '');
  return new Map(files.map(([root, path, , mtimeNs]) => [fileKey({ root, path }), mtimeNs]));
}

async function run(
  context: TransactionContext,
  steps: readonly { step: AnyStep; index: number }[],
  execute: (step: AnyStep, index: number) => StepResult,
  flush: () => void,
  onProgress?: (p: Progress) => void,
): Promise<StepCounts> {
  const counts: StepCounts = { ...NO_STEPS };
  let current = context.participants.roots[0] as string;
  try {
    await runSteps(steps, {
      execute: ({ step, index }) => {
        current = context.participants.pathOf(step);
        notePhase('step', index + 1, step.op, current);
        const result = execute(step, index);
        notePhase('step result', index + 1, result);
        if (result === 'done') counts.done++;
        else counts.alreadyDone++;
      },
      onStep: ({ step }) => {
        const done = counts.done + counts.alreadyDone;
        onProgress?.({ phase: 'apply', table: step.table, done, total: steps.length, unit: 'steps' });
      },
    });
    notePhase('flush');
    flush();
    return counts;
  } catch (error) {
    throw unfinishedError(error, current, counts, steps.length);
  }
}

/**
 * Does work whose failure leaves the transaction open.
 * @throws RollbackError ERR_UNFINISHED, ERR_IO
 */
export function leavingOpen(
  context: TransactionContext,
  counts: Readonly<StepCounts>,
  work: () => void,
): void {
  try {
    work();
  } catch (error) {
    // Another process came in between, and this run gave way.
    if (error instanceof RollbackError && error.kind === 'locked') throw error;
    throw unfinishedError(error, context.participants.roots[0] as string, counts, stepsOf(context).length);
  }
}

/** The error of a transaction that stays open: what happened, and how to continue. */
function unfinishedError(
  error: unknown,
  path: string,
  counts: Readonly<StepCounts>,
  total: number,
): RollbackError {
  const done = counts.done + counts.alreadyDone;
  const state = `${done} of ${total} steps are done; the database is shut, and the engine refuses to open it`;
  const next =
    'repair the cause, then `litt-rollback resume` finishes it, or `litt-rollback undo` reverts it';
  if (error instanceof RollbackError && error.code === 'ERR_IO')
    return ioError(error, path, 'change a file', `${state}: ${next}`);
  if (error instanceof RollbackError) {
    const own = error.next === undefined ? next : `${error.next}. Then: ${next}`;
    return new RollbackError(
      'ERR_UNFINISHED',
      { what: error.what, why: state, next: own },
      error.place,
      error,
    );
  }
  if (errnoOf(error) === null) {
    const text = { what: `The work was broken off: ${String(error)}`, why: state, next };
    return new RollbackError('ERR_UNFINISHED', text, { path }, error);
  }
  // The call may have failed at a file of this program, beside the file of the step.
  const failed = (error as NodeJS.ErrnoException).path ?? path;
  return ioError(error, failed, 'change a file', `${state}: ${next}`);
}
