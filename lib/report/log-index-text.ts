/** What becomes of a log-index, in a line. */
import type { LogIndexPlan } from '../types.ts';

/** "newest 1059 → 1027, oldest 41 → 36"; what does not move is left out. */
export function logIndexText({
  verdict,
  newest,
  oldest,
}: Pick<LogIndexPlan, 'verdict' | 'newest' | 'oldest'>): string {
  if (verdict === 'keep') return 'stays as it is';
  if (verdict === 'nothing') return `nothing to do, newest ${newest?.before}`;
  const changes = Object.entries({ newest, oldest })
    .filter(([, change]) => change !== null && change.before !== change.after)
    .map(([name, change]) => `${name} ${change?.before} → ${change?.after}`);
  return changes.join(', ');
}
