/** Finds where a table's rollback stops, for every kind of target. */
import type { TableContext } from '../context.ts';
import { searchHeight } from './height.ts';
import { searchKeepFirst } from './keep-first.ts';
import { searchKey } from './key.ts';
import { keysFor, matcherFor } from './matchers.ts';
import { refuseUnmetNeeds } from './store-needs.ts';
import { searchTime } from './time.ts';
import type { SearchResult } from './walk.ts';
import { walk } from './walk.ts';

/**
 * Finds the pivot of a table, and checks that the node's store could open the result.
 * @throws RollbackError what each kind of search throws; ERR_STORE_NEEDS
 */
export async function searchTable(context: TableContext): Promise<SearchResult> {
  const found = await search(context);
  const { pivot } = found.walk;
  if (pivot !== null) await refuseUnmetNeeds(context, pivot, found.whenNone === 'keep');
  return found;
}

async function search(context: TableContext): Promise<SearchResult> {
  const { target } = context.plan;
  switch (target.kind) {
    case 'height':
      return searchHeight(context, target);
    case 'before':
      return searchTime(context, target);
    case 'keep-first':
      return searchKeepFirst(context, target);
    case 'key':
    case 'keys':
      return {
        walk: await searchKey(context, keysFor(target, context.table.name)),
        whenNone: 'policy',
      };
    default:
      return { walk: await walk(context, matcherFor(target, context.table.name)), whenNone: 'policy' };
  }
}
