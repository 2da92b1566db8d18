/** `plan`: shows what a rollback would do, and changes nothing. */

import { changesAnything, warningsOf } from '../plan/changes.ts';
import { planText, refusePlanOutput, writePlanFile } from '../plan/file.ts';
import type { PlanOptions } from '../planner/options.ts';
import { planRollback } from '../planner/plan-rollback.ts';
import { planToHtml } from '../report/plan-html.ts';
import { planToText } from '../report/plan-text.ts';
import { shellCommand } from '../report/text.ts';
import { realFs } from '../store/durable-fs.ts';
import { isStandardOutput } from '../store/output-file.ts';
import { resolveRoots } from '../store/roots.ts';
import { resolveSnapshotDir } from '../store/snapshot-dir.ts';
import type { Context } from './context.ts';
import { EXIT_CHANGES, EXIT_DONE } from './exit-codes.ts';
import { refuseHtmlOutput, writeHtml } from './html-output.ts';
import { applyCommand, type PlanningOptions, planOptionsOf, remarksOn } from './source-options.ts';

/** The options of this command. */
export interface PlanCommandOptions extends PlanningOptions {
  readonly out?: string;
  readonly force?: true;
  readonly html?: string;
  readonly detailedExitcode?: true;
  /** False with --no-lock. */
  readonly lock: boolean;
  /** False with `apply --dry-run --no-undo`. */
  readonly undo?: boolean;
}

/** Runs the command; the result is its exit code. */
export async function run(options: PlanCommandOptions, context: Context): Promise<number> {
  const { out, signals } = context;
  const planning = await planOptionsOf(options);
  for (const remark of remarksOn(options)) await context.note(remark);
  const writing = { force: options.force, signal: signals.signal };
  if (options.out !== undefined) refusePlanOutput(options.out, databaseDirs(planning), writing);
  refuseHtmlOutput(options.html, databaseDirs(planning));
  const progress = context.newProgress();
  const plan = await planRollback({
    ...planning,
    lock: options.lock,
    signal: signals.signal,
    ...(progress.report && { onProgress: progress.report }),
  }).finally(progress.stop);
  await signals.checkpoint();
  for (const warning of warningsOf(plan)) await context.warn(warning);
  // The document and the file would have the same content.
  const isPrinted = options.out !== undefined && isStandardOutput(options.out);
  if (isPrinted) await out.data(planText(plan));
  else if (options.out !== undefined) await writePlanFile(options.out, plan, writing);
  const command =
    options.out === undefined || isPrinted ? applyCommand(options) : ['litt-rollback', 'apply', options.out];
  const page = (): string =>
    planToHtml(plan, plan.unlocked || !changesAnything(plan) ? null : shellCommand(command));
  await writeHtml(options.html, databaseDirs(planning), page, signals.signal);
  if (!context.json) {
    const style = { color: context.color && !isPrinted, width: context.width, verbose: context.verbose };
    const text = planToText(plan, { ...style, applyCommand: command, keepUndo: options.undo !== false });
    if (!isPrinted) await out.write(text);
    else if (!context.quiet) await context.err.say(text);
  } else if (!isPrinted) await out.json({ message_type: 'plan', version: 1, plan });
  return options.detailedExitcode && changesAnything(plan) ? EXIT_CHANGES : EXIT_DONE;
}

/** Where no output may be written. */
function databaseDirs({ roots, snapshotDir }: Pick<PlanOptions, 'roots' | 'snapshotDir'>): string[] {
  const dirs = resolveRoots(realFs, roots);
  if (snapshotDir === undefined || snapshotDir === 'none') return dirs;
  return [...dirs, resolveSnapshotDir(realFs, snapshotDir, dirs)];
}
