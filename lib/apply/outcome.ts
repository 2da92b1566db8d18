/** The outcome of an apply, as data. */
import type { StepCounts } from '../journal/run-steps.ts';
import { keptAboveNotices } from '../plan/kept-above.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import type { KeptAbove, LogIndexPlan, PlanHeights, RollbackPlan, TableOutcome } from '../types.ts';
import { type EarlierApply, earlierToText } from './earlier-apply.ts';

/** The outcome of an apply. */
export interface Outcome {
  readonly planId: string;
  readonly tables: readonly {
    readonly table: string;
    readonly outcome: TableOutcome;
    readonly recordsKept: number;
    readonly recordsRemoved: number;
    /** Present only if the target was a height. */
    readonly heights?: PlanHeights;
    /** Present only if records above the target stay. */
    readonly keptAbove?: KeptAbove;
  }[];
  /** Present only if the plan says what becomes of a log-index. */
  readonly logIndex?: Pick<LogIndexPlan, 'dir' | 'verdict' | 'reason' | 'newest' | 'oldest'>;
  /** Steps of the plan. */
  readonly steps: number;
  /** Steps that changed something. */
  readonly done: number;
  /** Steps that were already done. */
  readonly alreadyDone: number;
  /** Key and value bytes that were removed. */
  readonly bytesRemoved: number;
  /** Whether undo can revert it. */
  readonly undoable: boolean;
  readonly notices: readonly string[];
}

/**
 * The outcome of a plan that was carried out.
 * @param failures further failures that the user must know
 */
export function outcomeOf(
  plan: RollbackPlan,
  counts: Readonly<StepCounts>,
  undoable: boolean,
  failures: readonly string[],
): Outcome {
  const notices = [...keptAboveNotices(plan), ...plan.notices, ...failures];
  for (const table of plan.tables) {
    if (table.snapshotCopies === null) continue;
    const { from, through } = table.snapshotCopies;
    notices.push(
      `table ${table.table}: copies pushed elsewhere must drop segments ${from} to ${through} too`,
    );
  }
  return {
    planId: plan.id,
    tables: plan.tables.map((t) => ({
      table: t.table,
      outcome: t.outcome,
      recordsKept: t.kept.records,
      recordsRemoved: t.removed.records,
      ...(t.heights !== null && { heights: t.heights }),
      ...(t.keptAbove !== undefined && { keptAbove: t.keptAbove }),
    })),
    ...(plan.logIndex !== undefined && { logIndex: logIndexOutcome(plan.logIndex) }),
    steps: stepsOfPlan(plan).length,
    ...counts,
    bytesRemoved: plan.tables.reduce((sum, t) => sum + t.removed.keyBytes + t.removed.valueBytes, 0),
    undoable,
    notices,
  };
}

function logIndexOutcome({ dir, verdict, reason, newest, oldest }: LogIndexPlan) {
  return { dir, verdict, reason, newest, oldest };
}

/** The outcome of a plan that had been carried out before: nothing was left to do. */
export function outcomeOfEarlier(plan: RollbackPlan, earlier: EarlierApply): Outcome {
  const steps = stepsOfPlan(plan).length;
  const said = `nothing to do: ${earlierToText(earlier)}`;
  return {
    ...outcomeOf(plan, { done: 0, alreadyDone: steps }, earlier.undoable, [said]),
    bytesRemoved: 0,
  };
}
