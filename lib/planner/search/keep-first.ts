/** Finds where the oldest groups of a table end. */
import { isPrimaryAt } from '../../format/key-records.ts';
import type { TableContext } from '../context.ts';
import type { KeepFirstTarget } from '../target.ts';
import { keptRuns } from './kept-runs.ts';
import { matcherBefore } from './positions.ts';
import type { SearchResult } from './walk.ts';
import { keepAll, walk } from './walk.ts';

/**
 * Finds the pivot of a table whose oldest `groups` groups stay.
 * @throws RollbackError what a walk throws
 */
export async function searchKeepFirst(
  context: TableContext,
  { groups }: KeepFirstTarget,
): Promise<SearchResult> {
  let seen = 0;
  for await (const run of keptRuns(context, null, 'scan')) {
    for (let i = 0; i < run.count; i++) {
      const at = run.offsets[i] as number;
      if (!isPrimaryAt(run.buffer, at)) continue;
      if (seen === groups) {
        const place = { segment: run.segment.index, offset: run.base + at };
        // Nothing stays: the user must say so, whatever lies below the watermark.
        const matcher = groups === 0 ? () => -1 : matcherBefore(place);
        return { walk: await walk(context, matcher), whenNone: 'policy' };
      }
      seen++;
    }
  }
  const stays = seen === 0 ? 'no record that the engine serves' : `${seen} group${seen === 1 ? '' : 's'}`;
  context.notices.push(`the table holds ${stays}: all of it stays`);
  return keepAll(context);
}
