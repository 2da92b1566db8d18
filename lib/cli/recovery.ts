/** The commands for rollbacks that have begun: resume, undo, purge, status. */

import type { ResumeOptions } from '../recover/adopt.ts';
import { type PurgePlan, planPurge, purgeAsking } from '../recover/purge.ts';
import { resumeRollback } from '../recover/resume.ts';
import { refuseUnreadable, rollbackStatus } from '../recover/status.ts';
import { undoRollback } from '../recover/undo.ts';
import type { RunFacts } from '../report/outcome-text.ts';
import { purgePlanToText, purgeToText, resumeToText, undoToText } from '../report/recovery-text.ts';
import { statusToText } from '../report/status-text.ts';
import { confirm, type Question } from './confirm.ts';
import { type Context, textStyle } from './context.ts';
import { EXIT_DONE, EXIT_UNFINISHED } from './exit-codes.ts';
import { type Source, type SourceOptions, sourceOrPlan } from './source.ts';

/** The options of these commands. */
export interface RecoveryOptions extends SourceOptions {
  readonly snapshotDir?: string;
  readonly logIndex?: string;
  readonly forceUnlock?: true;
  readonly id?: string;
  readonly history?: true;
}

/** `resume`: finishes an interrupted rollback. */
export async function resume(
  planFile: string | undefined,
  options: RecoveryOptions,
  context: Context,
): Promise<number> {
  const source = await sourceOrPlan(planFile, options, context.given);
  const { outcome, facts } = await changing(context, source, (onProgress) =>
    resumeRollback(source.roots, { ...recovering(options, source), ...onProgress }),
  );
  await show(context, 'resume', { ...outcome, ...documentOf(facts) }, () =>
    resumeToText(outcome, facts, textStyle(context)),
  );
  return EXIT_DONE;
}

/** `undo`: reverts the last rollback. */
export async function undo(
  planFile: string | undefined,
  options: RecoveryOptions,
  context: Context,
): Promise<number> {
  const source = await sourceOrPlan(planFile, options, context.given);
  const { outcome, facts } = await changing(context, source, (onProgress) =>
    undoRollback(source.roots, { ...recovering(options, source), ...onProgress }),
  );
  await show(context, 'undo', { ...outcome, ...documentOf(facts) }, () =>
    undoToText(outcome, facts, textStyle(context)),
  );
  return EXIT_DONE;
}

/** The options of `purge`. */
export interface PurgeCommandOptions extends RecoveryOptions {
  readonly yes?: true;
  readonly dryRun?: true;
}

const PURGE: Question = {
  text: 'Delete all of this for good?',
  subject: 'The list',
  unconfirmed: 'The purge was not confirmed',
};

/** `purge`: shows the undo data, asks, and deletes it. */
export async function purge(
  planFile: string | undefined,
  options: PurgeCommandOptions,
  context: Context,
): Promise<number> {
  const source = await sourceOrPlan(planFile, options, context.given);
  const { snapshotDir } = recovering(options, source);
  const purging = { id: options.id, snapshotDir };
  if (options.dryRun) {
    await showPurge(await planPurge(source.roots, purging), 'dry-run', context);
    return EXIT_DONE;
  }
  const { signals, json, quiet } = context;
  await signals.checkpoint();
  let began = performance.now();
  const outcome = await purgeAsking(source.roots, purging, async (plan) => {
    const asks = plan.rollbacks.length > 0 && !options.yes;
    // Without a question the outcome says the same in JSON.
    if (asks || (plan.rollbacks.length > 0 && !json && !quiet)) await showPurge(plan, 'purge', context);
    if (asks) await confirm(context, [], PURGE);
    await signals.checkpoint();
    signals.changesBegin();
    began = performance.now();
  });
  const facts = { roots: source.roots, durationMs: Math.round(performance.now() - began) };
  await show(context, 'purge', { ...outcome, ...documentOf(facts) }, () =>
    purgeToText(outcome, facts, textStyle(context)),
  );
  return EXIT_DONE;
}

/** `status`: untouched, unfinished, applied. */
export async function status(
  planFile: string | undefined,
  options: RecoveryOptions,
  context: Context,
): Promise<number> {
  const source = await sourceOrPlan(planFile, options, context.given);
  const { snapshotDir, logIndex } = recovering(options, source);
  const report = await rollbackStatus(source.roots, { snapshotDir, logIndex, history: options.history });
  await show(context, 'status', report, () => statusToText(report, textStyle(context)));
  refuseUnreadable(report);
  return report.unfinished ? EXIT_UNFINISHED : EXIT_DONE;
}

async function showPurge(plan: PurgePlan, mode: 'dry-run' | 'purge', context: Context): Promise<void> {
  if (context.json) await context.out.json({ message_type: 'purgeplan', version: 1, ...plan });
  else await context.out.write(purgePlanToText(plan, mode, textStyle(context)));
}

function recovering(options: RecoveryOptions, source: Source): ResumeOptions {
  const { id, forceUnlock } = options;
  return {
    snapshotDir: options.snapshotDir ?? source.snapshotDir,
    logIndex: options.logIndex ?? source.logIndex,
    forceUnlock,
    id,
  };
}

/** From now on a signal waits for the end: the work could be resumed, but finishing it is shorter. */
async function changing<T>(
  context: Context,
  { roots }: Source,
  work: (onProgress: Pick<ResumeOptions, 'onProgress'>) => Promise<T>,
): Promise<{ readonly outcome: T; readonly facts: RunFacts }> {
  await context.signals.checkpoint();
  const display = context.newProgress();
  const began = performance.now();
  context.signals.changesBegin();
  const outcome = await work(display.report ? { onProgress: display.report } : {}).finally(display.stop);
  return { outcome, facts: { roots, durationMs: Math.round(performance.now() - began) } };
}

/** The same for programs. */
function documentOf({ roots, durationMs }: RunFacts) {
  return { roots, duration_ms: durationMs };
}

async function show(context: Context, type: string, document: object, text: () => string): Promise<void> {
  if (context.json) await context.out.json({ message_type: type, version: 1, ...document });
  else if (!context.quiet || type === 'status') await context.out.write(text());
}
