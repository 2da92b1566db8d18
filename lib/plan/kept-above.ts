/**
 * The records that stay above a plan's target, in words: the plan, the question and every outcome use the same
 * ones.
 */
import { formatCount } from '../format/grouped.ts';
import type { KeptAbove, RollbackPlan, TablePlan } from '../types.ts';

/** "42 records in 21 groups above the target (heights 5041 to 5060)"; null when there are none. */
export function keptAboveText({
  keptAbove,
  heights,
}: Pick<TablePlan, 'keptAbove' | 'heights'>): string | null {
  if (keptAbove === undefined) return null;
  const { records, groups } = keptAbove;
  return `${counted(records, 'record')} in ${counted(groups, 'group')} above the target (${spanOf(keptAbove, heights !== null)})`;
}

/** One sentence for each table that keeps something above the target. */
export function keptAboveNotices({ tables }: Pick<RollbackPlan, 'tables'>): string[] {
  return tables.flatMap((table) => {
    const text = keptAboveText(table);
    return text === null ? [] : [`table ${table.table} keeps ${text}`];
  });
}

function spanOf({ lowest, highest }: KeptAbove, isHeight: boolean): string {
  if (!isHeight) return lowest === highest ? `sealed ${lowest}` : `sealed ${lowest} to ${highest}`;
  if (lowest === highest) return `height ${formatCount(lowest)}`;
  return `heights ${formatCount(lowest)} to ${formatCount(highest)}`;
}

const counted = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
