/** Whether a plan changes anything, and what is odd about one that does not. */
import { formatCount } from '../format/grouped.ts';
import type { RollbackPlan } from '../types.ts';
import { stepsOfPlan } from './step-effects.ts';

/** Whether a plan changes anything at all. */
export function changesAnything(plan: RollbackPlan): boolean {
  return stepsOfPlan(plan).length > 0;
}

/** A warning about a plan that changes nothing: a height with a digit too many gives the same plan. */
export function warningsOf(plan: RollbackPlan): string[] {
  return plan.tables.flatMap(({ table, heights, removed }) => {
    if (heights === null || heights.lastKept === null || removed.records > 0) return [];
    const { target, lastKept } = heights;
    if (BigInt(target) <= BigInt(lastKept)) return [];
    const newest = `the newest record of table ${table} has height ${formatCount(lastKept)}`;
    return [`height ${formatCount(target)} lies above everything: ${newest}. Is it the right height?`];
  });
}
