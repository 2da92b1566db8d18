/** What the node's own store needs in a table after the cut, beyond the engine's needs. */
import type { Pivot } from '../../../streams/pivot-detector.ts';
import { RollbackError } from '../../errors.ts';
import { isPrimaryAt } from '../../format/key-records.ts';
import { keyViewAt } from '../../format/key-view.ts';
import { decodeAt } from '../../schemas/heights.ts';
import type { KeyRun, StoreNeeds, TableSchema } from '../../schemas/types.ts';
import { callUserCode } from '../../user-code.ts';
import type { TableContext } from '../context.ts';
import { keptRuns } from './kept-runs.ts';

/**
 * Refuses a height target after which the node's store would not open. For other targets, and where nothing
 * goes, a notice says so.
 * @throws RollbackError ERR_STORE_NEEDS, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function refuseUnmetNeeds(
  context: TableContext,
  pivot: Pivot,
  keepsAll: boolean,
): Promise<void> {
  const { schema, plan, table } = context;
  const needs = schema?.needs;
  if (schema === null || needs === undefined) return;
  const oldest = await oldestNeeded(context, schema, needs, pivot);
  if (oldest === 'odd') return;
  if (oldest !== null) {
    if (!keepsAll) warnOfEmptiness(context, needs, oldest);
    return;
  }
  const what = keepsAll
    ? `Table ${table.name} holds no ${needs.what} that can be read`
    : `After this rollback table ${table.name} would hold no ${needs.what} that can be read`;
  const why = "The node's store does not open without one";
  if (plan.target.kind !== 'height' || keepsAll) context.notices.push(`${what}. ${why}`);
  else {
    const next = 'Choose a higher target, or restore the node from a backup or a snapshot of the chain';
    throw new RollbackError('ERR_STORE_NEEDS', { what, why, next }, { table: table.name });
  }
}

/** The node serves heights at or above the oldest such record, which may be none. */
function warnOfEmptiness({ heights, notices }: TableContext, needs: StoreNeeds, oldest: bigint): void {
  if (heights === null) return;
  const { lastKept } = heights;
  if (lastKept !== null && oldest <= BigInt(lastKept)) return;
  const why =
    lastKept === null
      ? 'no height is kept'
      : `the oldest ${needs.what} is of ${oldest}, above the last kept height`;
  notices.push(`${why}: the node would serve nothing`);
}

/** Height of the oldest such record that stays; null when none does, 'odd' when the keys are of another sort. */
async function oldestNeeded(
  context: TableContext,
  schema: TableSchema,
  needs: StoreNeeds,
  pivot: Pivot,
): Promise<bigint | null | 'odd'> {
  const end = { segment: pivot.at.segment.index, offset: pivot.groupEnd };
  let first = true;
  for await (const run of keptRuns(context, end, 'heights')) {
    if (first && decodeAt(schema, run, 0) === null) return 'odd';
    first = false;
    const found = callUserCode(() => indexOfNeeded(run, needs));
    if (found >= 0) return decodeAt(schema, run, found)?.height ?? null;
  }
  return null;
}

function indexOfNeeded({ buffer, offsets, count }: KeyRun, needs: StoreNeeds): number {
  for (let i = 0; i < count; i++) {
    const at = offsets[i] as number;
    if (needs.matches(keyViewAt(buffer, at), isPrimaryAt(buffer, at))) return i;
  }
  return -1;
}
