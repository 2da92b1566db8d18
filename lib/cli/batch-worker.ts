/** A worker of a batch: this command, forked by itself, with a channel to its parent in place of arguments. */
import { Command, CommanderError } from 'commander';
import { RollbackError } from '../errors.ts';
import { serve } from '../fleet/worker.ts';
import type { PlanOptions } from '../planner/options.ts';
import { asDefectError, errorToText } from './error-output.ts';
import { addSource } from './program-parts.ts';
import { addScope, addTarget } from './program-target.ts';
import { Signals } from './signals.ts';
import { planOptionsOf } from './source-options.ts';
import { exitProcess, hasLoadedModules, moduleError } from './user-modules.ts';

/** Serves the parent until it goes. */
export async function runWorker(): Promise<void> {
  const signals = new Signals((text) => void process.stderr.write(`litt-rollback: ${text}.\n`));
  // Inside a change an error that no code waits for stops nothing, as in the command itself.
  process.on('uncaughtException', (thrown) => {
    const error = moduleError(thrown) ?? asDefectError(thrown);
    process.stderr.write(errorToText(error, { json: false, verbose: false, signal: null }));
    if (!signals.changing) exitProcess(1);
  });
  await serve({
    planningOf,
    hasLoadedModule: hasLoadedModules,
    signal: signals.signal,
    changesBegin: () => signals.changesBegin(),
    changesEnd: () => signals.changesEnd(),
  });
  exitProcess(0);
}

/** Options of a plan from the words of `plan`, by the definitions of `plan`. */
async function planningOf(words: readonly string[]): Promise<PlanOptions> {
  const command = new Command('plan').exitOverride().configureOutput({ writeErr: () => {} });
  addSource(command);
  addTarget(command);
  addScope(command);
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const what = error.message.replace(/^error: /, '');
    throw new RollbackError(
      'ERR_USAGE',
      {
        what: `An option of this node cannot be used: ${what}`,
        next: 'Correct the option in the fleet file',
      },
      {},
      error,
    );
  }
  return planOptionsOf(command.opts());
}
