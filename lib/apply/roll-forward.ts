/** Takes a transaction with a durable intent from its first step to its end: shared by apply and resume. */
import { randomUUID } from 'node:crypto';
import { asIoError } from '../errors.ts';
import { setMadeKeymapsAside } from '../journal/made-keymaps.ts';
import { leavingOpen, NO_STEPS, runForward, type StepCounts } from '../journal/run-steps.ts';
import { finishForward, type TransactionContext } from '../journal/transaction.ts';
import { refuseNotReverted } from '../journal/undo-data.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { readRootSet, writeRootSet } from '../store/root-set.ts';
import type { Progress, RollbackPlan } from '../types.ts';
import { verifyLogIndex } from './check-log-index.ts';
import { type VerifyResultOptions, verifyResult } from './verify-result.ts';

/**
 * Carries out the steps, verifies the result, and ends the transaction; finishRun() comes next.
 * @param stepsDone whether an earlier run got past the verification
 * @throws RollbackError ERR_UNFINISHED, ERR_IO, ERR_RESULT_WRONG: the transaction stays open
 */
export async function rollForward(
  context: TransactionContext,
  onProgress: ((progress: Progress) => void) | undefined,
  stepsDone = false,
): Promise<Readonly<StepCounts>> {
  const { fs, plan } = context;
  let counts = NO_STEPS;
  if (stepsDone) refuseNotReverted(context);
  else {
    leavingOpen(context, counts, () => setMadeKeymapsAside(context));
    counts = await runForward(context, onProgress);
  }
  // Past the marks of the end an engine may have been started: the files of an idle start are not an error.
  await verify(context, { onProgress, engineMayHaveStarted: stepsDone });
  leavingOpen(context, counts, () => {
    rememberRoots(fs, plan);
    finishForward(context);
  });
  return counts;
}

/** Every step is done here: an error of reading, which says that nothing was changed, would be wrong. */
async function verify(
  { fs, participants, plan }: TransactionContext,
  options: VerifyResultOptions,
): Promise<void> {
  try {
    await verifyResult(fs, plan, options);
    // An engine that was started has its own log since.
    if (participants.logIndex !== null && options.engineMayHaveStarted !== true)
      await verifyLogIndex(fs, plan, participants.logIndex.dir);
  } catch (error) {
    throw asIoError(error, participants.roots[0] as string, 'read back what was done', UNVERIFIED);
  }
}

const UNVERIFIED =
  'Every step is done, but what it left could not be read back, and the database is shut: repair the cause, ' +
  'then `litt-rollback resume` finishes it, or `litt-rollback undo` reverts it';

/** Makes the roots of each database remember that they belong together: the keymap, the other witness, is gone. */
function rememberRoots(fs: DurableFs, plan: Pick<RollbackPlan, 'roots' | 'databases'>): void {
  for (const { roots } of plan.databases) {
    const dirs = roots.map((n) => plan.roots[n] as string);
    const memory = readRootSet(fs, dirs);
    writeRootSet(fs, dirs, memory.state === 'complete' ? memory.id : randomUUID());
  }
}
