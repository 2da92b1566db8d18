/** Where a plan works besides its roots. */
import type { RollbackPlan } from '../types.ts';

/** The directories that a plan names besides its roots, as the commands that go on with it take them. */
export function placesOf({ snapshotDir, logIndex }: Pick<RollbackPlan, 'snapshotDir' | 'logIndex'>) {
  return { snapshotDir: snapshotDir ?? undefined, logIndex: logIndex?.dir };
}
