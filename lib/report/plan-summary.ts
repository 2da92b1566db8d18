/** A whole plan in one sentence. */
import type { RollbackPlan } from '../types.ts';
import { recordText } from './record-text.ts';

/** Whether a plan changes anything at all. */
export function changesAnything(plan: RollbackPlan): boolean {
  return plan.tables.some((table) => table.steps.length > 0);
}

/** A warning about a plan that changes nothing: a height with a digit too many gives the same plan. */
export function warningsOf(plan: RollbackPlan): string[] {
  return plan.tables.flatMap(({ table, heights, removed }) => {
    if (heights === null || heights.lastKept === null || removed.records > 0) return [];
    const { target, lastKept } = heights;
    if (BigInt(target) <= BigInt(lastKept)) return [];
    const newest = `the newest record of table ${table} has height ${lastKept}`;
    return [`height ${target} lies above everything: ${newest}. Is it the right height?`];
  });
}

/** The sentence for a plan without steps, with the newest record of each table that has one. */
export function nothingToDo(plan: RollbackPlan): string {
  const tips = plan.tables.flatMap((t) =>
    t.lastKept === null ? [] : [`${t.table}: ${recordText(t.lastKept)}`],
  );
  return tips.length === 0 ? 'Nothing to do.' : `Nothing to do. Newest record of ${tips.join('; of ')}.`;
}
