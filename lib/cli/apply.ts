/** `apply`: plans under locks, shows the plan, asks, and carries it out; or does the same with a saved plan. */

import { applyPlan, refuseStale, refuseUnlocked } from '../apply/apply.ts';
import { type EarlierApply, earlierApply, earlierToText } from '../apply/earlier-apply.ts';
import { type Outcome, outcomeOfEarlier } from '../apply/outcome.ts';
import { RollbackError } from '../errors.ts';
import { changesAnything, warningsOf } from '../plan/changes.ts';
import { keptAboveNotices } from '../plan/kept-above.ts';
import { planRollback } from '../planner/plan-rollback.ts';
import { outcomeToText, type RunFacts } from '../report/outcome-text.ts';
import { NO_UNDO, planToText } from '../report/plan-text.ts';
import { realFs } from '../store/durable-fs.ts';
import type { LockSet } from '../store/lock.ts';
import { withLocks } from '../store/lock-database.ts';
import type { RollbackPlan } from '../types.ts';
import { confirm } from './confirm.ts';
import { type Context, textStyle } from './context.ts';
import { EXIT_CHANGES, EXIT_DONE } from './exit-codes.ts';
import { readGivenPlan, refuseBesidePlan } from './source.ts';
import { givenPlanningFlags, type PlanningOptions, planOptionsOf, remarksOn } from './source-options.ts';

/** The options of this command. */
export interface ApplyCommandOptions extends PlanningOptions {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly detailedExitcode?: true;
  /** False with --no-undo. */
  readonly undo?: boolean;
}

/** Locks that this command has taken, and the callback that says not to restore stale ones. */
interface HeldLocks {
  readonly locks: LockSet;
  readonly changesBegin: () => void;
}

/** Runs the command; the result is its exit code. */
export async function run(
  planFile: string | undefined,
  options: ApplyCommandOptions,
  context: Context,
): Promise<number> {
  if (options.dryRun) await context.note('--dry-run: this is what `plan` shows; nothing is changed');
  if (options.dryRun && planFile === undefined)
    return (await import('./plan.ts')).run({ ...options, lock: true }, context);
  return planFile === undefined ? planAndApply(options, context) : applySaved(planFile, options, context);
}

async function planAndApply(options: ApplyCommandOptions, context: Context): Promise<number> {
  const { signals } = context;
  const planning = await planOptionsOf(options);
  for (const remark of remarksOn(options)) await context.note(remark);
  return withLocks(planning.roots, planning.snapshotDir, async (locks, changesBegin) => {
    await signals.checkpoint();
    const progress = context.newProgress();
    const plan = await planRollback({
      ...planning,
      locks,
      signal: signals.signal,
      ...(progress.report && { onProgress: progress.report }),
    }).finally(progress.stop);
    return showAndApply(plan, options, context, { locks, changesBegin });
  });
}

async function applySaved(path: string, options: ApplyCommandOptions, context: Context): Promise<number> {
  refuseBesidePlan(givenPlanningFlags(options));
  const plan = await readGivenPlan(path, context.given);
  refuseUnlocked(plan);
  return withLocks(plan.roots, plan.snapshotDir ?? undefined, async (locks, changesBegin) => {
    await context.signals.checkpoint();
    try {
      refuseStale(plan);
    } catch (error) {
      if (!(error instanceof RollbackError) || error.code !== 'ERR_PLAN_STALE') throw error;
      const earlier = earlierApply(realFs, plan);
      if (!earlier?.stands) throw error;
      return showEarlier(plan, earlier, context);
    }
    return showAndApply(plan, options, context, { locks, changesBegin });
  });
}

/** A job that is run again has nothing left to do. */
async function showEarlier(plan: RollbackPlan, earlier: EarlierApply, context: Context): Promise<number> {
  const text = `Nothing to do: ${earlierToText(earlier)}`;
  if (context.json) {
    const outcome = outcomeOfEarlier(plan, earlier);
    const { at, transaction } = earlier;
    await context.out.json({
      message_type: 'outcome',
      version: 1,
      outcome,
      already_applied: { at, transaction },
    });
  } else if (context.quiet) await context.warn(text);
  else await context.out.write(`${text}.\n`);
  return EXIT_DONE;
}

async function showAndApply(
  plan: RollbackPlan,
  options: ApplyCommandOptions,
  context: Context,
  held: HeldLocks,
): Promise<number> {
  const work = changesAnything(plan);
  for (const warning of warningsOf(plan)) await context.warn(warning);
  if (context.json || !context.quiet || options.dryRun || (work && !options.yes))
    await showPlan(plan, options, context);
  if (!work) return EXIT_DONE;
  const exitCode = options.detailedExitcode ? EXIT_CHANGES : EXIT_DONE;
  if (options.dryRun) return exitCode;
  const noUndo = options.undo === false ? [NO_UNDO] : [];
  if (!options.yes) await confirm(context, [...keptAboveNotices(plan), ...noUndo]);
  await context.signals.checkpoint();
  const began = performance.now();
  const outcome = await carryOut(plan, options, context, held);
  const durationMs = Math.round(performance.now() - began);
  await showOutcome(outcome, { roots: plan.roots, durationMs }, context);
  return exitCode;
}

function carryOut(
  plan: RollbackPlan,
  options: ApplyCommandOptions,
  context: Context,
  held: HeldLocks,
): Promise<Outcome> {
  const { signals } = context;
  const display = context.newProgress();
  return applyPlan(plan, {
    keepUndo: options.undo ?? true,
    signal: signals.signal,
    onStart: () => {
      held.changesBegin();
      signals.changesBegin();
    },
    ...(display.report && { onProgress: display.report }),
    locks: held.locks,
  }).finally(display.stop);
}

async function showPlan(
  plan: RollbackPlan,
  { dryRun, undo }: ApplyCommandOptions,
  context: Context,
): Promise<void> {
  if (context.json) {
    await context.out.json({ message_type: 'plan', version: 1, plan });
    return;
  }
  const style = { color: context.color, width: context.width, verbose: context.verbose };
  await context.out.write(
    planToText(plan, { ...style, mode: dryRun ? 'dry-run' : 'apply', keepUndo: undo !== false }),
  );
}

async function showOutcome(outcome: Outcome, facts: RunFacts, context: Context): Promise<void> {
  try {
    if (context.json) {
      const about = { transaction: outcome.planId, roots: facts.roots, duration_ms: facts.durationMs };
      await context.out.json({ message_type: 'outcome', version: 1, outcome, ...about });
    } else if (!context.quiet) {
      await context.out.write(`\n${outcomeToText(outcome, facts, textStyle(context))}`);
    }
  } catch (error) {
    if (!(error instanceof RollbackError)) throw error;
    throw new RollbackError(
      error.code,
      {
        what: error.what,
        why: 'The rollback is complete; only its outcome could not be shown',
        next: error.next,
      },
      error.place,
      error,
    );
  }
}
