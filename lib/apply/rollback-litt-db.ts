/** The whole rollback in one call, with the promise of the Go function of the same name. */

import { is, refuseBadRoots, refuseUnless } from '../input/checks.ts';
import { refuseBadOptions } from '../input/options.ts';
import { planRollback } from '../planner/plan-rollback.ts';
import { realFs } from '../store/durable-fs.ts';
import type { LockSet } from '../store/lock.ts';
import { withLocks } from '../store/lock-database.ts';
import type { RollbackFilter } from '../types.ts';
import { APPLY_CHECKS, type ApplyOptions, applyWith } from './apply.ts';
import type { Outcome } from './outcome.ts';

/**
 * Rolls every table back to the newest record that the filter accepts: its group and everything older stay,
 * everything newer goes. A table in which nothing matches stays. Unlike the Go function it plans all tables
 * before it changes any, makes every step durable, and verifies the result.
 * @param options those of applyPlan(); signal and onProgress are of the plan, too
 * @throws RollbackError what planRollback and applyPlan throw
 */
export async function rollbackLittDB(
  dataDirs: readonly string[],
  filter: RollbackFilter,
  options: ApplyOptions = {},
): Promise<Outcome> {
  refuseBadRoots(dataDirs);
  refuseUnless(is.function, 'filter', filter);
  refuseBadOptions('rollbackLittDB', options, APPLY_CHECKS);
  const { signal, onProgress } = options;
  const work = async (locks: LockSet, changesBegin?: () => void): Promise<Outcome> => {
    const target = { kind: 'filter', filter } as const;
    const plan = await planRollback({
      roots: dataDirs,
      target,
      onNoMatch: 'keep',
      locks,
      signal,
      onProgress,
    });
    return applyWith(realFs, plan, locks, options, changesBegin);
  };
  return options.locks === undefined ? withLocks(dataDirs, undefined, work) : work(options.locks);
}
