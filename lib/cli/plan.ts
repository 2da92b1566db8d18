/** `plan`: shows what a rollback would do, and changes nothing. */

import { writePlanFile } from '../plan/file.ts';
import { planRollback } from '../planner/plan-rollback.ts';
import { changesAnything, planToText, warningsOf } from '../report/plan-text.ts';
import type { Context } from './context.ts';
import { EXIT_CHANGES, EXIT_DONE } from './exit-codes.ts';
import { applyCommand, type PlanningOptions, planOptionsOf, remarksOn } from './source-options.ts';

/** The options of this command. */
export interface PlanCommandOptions extends PlanningOptions {
  readonly out?: string;
  readonly detailedExitcode?: true;
  /** False with --no-lock. */
  readonly lock: boolean;
}

/** Runs the command; the result is its exit code. */
export async function run(options: PlanCommandOptions, context: Context): Promise<number> {
  const { out, signals } = context;
  const planning = await planOptionsOf(options);
  for (const remark of remarksOn(options)) await context.note(remark);
  const progress = context.newProgress();
  const plan = await planRollback({
    ...planning,
    lock: options.lock,
    signal: signals.signal,
    ...(progress.report && { onProgress: progress.report }),
  }).finally(progress.stop);
  await signals.checkpoint();
  for (const warning of warningsOf(plan)) await context.warn(warning);
  if (options.out !== undefined) await writePlanFile(options.out, plan);
  if (context.json) {
    await out.json({ message_type: 'plan', version: 1, plan });
  } else {
    const command =
      options.out === undefined ? applyCommand(options) : ['litt-rollback', 'apply', options.out];
    const style = { color: context.color, width: context.width, verbose: context.verbose };
    await out.write(planToText(plan, { ...style, applyCommand: command }));
  }
  return options.detailedExitcode && changesAnything(plan) ? EXIT_CHANGES : EXIT_DONE;
}
