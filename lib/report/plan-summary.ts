/** A whole plan in one sentence. */

import type { RollbackPlan } from '../types.ts';
import { recordText } from './record-text.ts';

/** The sentence for a plan without steps, with the newest record of each table that has one. */
export function nothingToDo(plan: RollbackPlan): string {
  const tips = plan.tables.flatMap((t) =>
    t.lastKept === null ? [] : [`${t.table}: ${recordText(t.lastKept)}`],
  );
  return tips.length === 0 ? 'Nothing to do.' : `Nothing to do. Newest record of ${tips.join('; of ')}.`;
}
