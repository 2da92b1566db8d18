/** The whole rollback in one call, with the promise of the Go function of the same name. */

import { planRollback } from '../planner/plan-rollback.ts';
import { withLocks } from '../store/lock-database.ts';
import type { RollbackFilter } from '../types.ts';
import { applyPlan } from './apply.ts';
import type { Outcome } from './outcome.ts';

/**
 * Rolls every table back to the newest record that the filter accepts: its group and everything older stay,
 * everything newer goes. A table in which nothing matches stays. Unlike the Go function it plans all tables
 * before it changes any, makes every step durable, and verifies the result.
 * @throws RollbackError what planRollback and applyPlan throw
 */
export function rollbackLittDB(dataDirs: readonly string[], filter: RollbackFilter): Promise<Outcome> {
  return withLocks(dataDirs, undefined, async (locks, changesBegin) => {
    const plan = await planRollback({ roots: dataDirs, target: { kind: 'filter', filter }, locks });
    return applyPlan(plan, { locks, onStart: changesBegin });
  });
}
