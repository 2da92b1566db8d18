/** The meaning of a target by height for one table of a plan, as text. */
import type { TablePlan } from '../types.ts';
import { formatCount, plural, printable } from './text.ts';

/** As many ranges of heights as a person reads; the JSON document has all. */
const SHOWN_RANGES = 8;

/** Why a table that loses nothing stays as it is. */
export function whyNothing({ heights, keptAbove }: TablePlan): string {
  if (keptAbove !== undefined) return 'records above the target stay';
  return heights === null
    ? 'the newest record matches'
    : `nothing is above height ${formatCount(heights.target)}`;
}

/** Which heights stay and which go, in words; empty for other targets. */
export function heightsText({ heights, keptAbove, removed }: TablePlan): string[] {
  if (heights === null) return [];
  const { schema, lastKept, firstRemoved, alsoRemoved } = heights;
  const none = removed.records > 0 ? 'no height is kept' : 'no record tells where a height ends';
  const stays = lastKept === null ? none : `${formatCount(lastKept)} is ${lastOf(keptAbove)}`;
  const goes =
    firstRemoved === null ? 'nothing above it is removed' : `${formatCount(firstRemoved)} the first removed`;
  const lines = [`${stays}, ${goes} (schema ${printable(schema)})`];
  if (alsoRemoved === null || alsoRemoved.records === 0) return lines;
  const ranges = alsoRemoved.ranges
    .slice(0, SHOWN_RANGES)
    .map(([a, b]) => (a === b ? formatCount(a) : `${formatCount(a)}–${formatCount(b)}`));
  const more = alsoRemoved.ranges.length > SHOWN_RANGES || !alsoRemoved.complete ? ', …' : '';
  const records = plural(alsoRemoved.records, 'record');
  return [...lines, `also removed at or below the target: ${records} of ${ranges.join(', ')}${more}`];
}

/** The name of the height `lastKept`: if records above the target stay, it is not the last one. */
export function lastOf(keptAbove: TablePlan['keptAbove']): string {
  return keptAbove === undefined ? 'the last kept' : 'the highest kept at or below the target';
}
