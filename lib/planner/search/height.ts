/**
 * Finds where a height ends: behind the newest record that marks a height at or below it. Older records may
 * still be above it (old heights that a migration appended after new ones): then the user decides.
 */
import type { Position } from '../../../streams/forward-runs.ts';
import type { Pivot } from '../../../streams/pivot-detector.ts';
import type { WalkResult } from '../../../streams/plan-sink.ts';
import { RollbackError } from '../../errors.ts';
import { BlockHeightIndex } from '../../schemas/block-heights.ts';
import { decodeAt, HeightBuffer, halve, heightAt, isWithin } from '../../schemas/heights.ts';
import { type KeyRun, ROLE, type TableSchema } from '../../schemas/types.ts';
import type { TableContext } from '../context.ts';
import type { HeightTarget } from '../target.ts';
import { HeightMatcher } from './height-matcher.ts';
import { HeightRanges } from './height-ranges.ts';
import { oldestRun } from './kept-runs.ts';
import { schemaMisfitError } from './misfit.ts';
import { matcherBefore } from './positions.ts';
import { StragglerSearch, type Stragglers, stragglersError } from './stragglers.ts';
import type { SearchResult } from './walk.ts';
import { keepAll, walk } from './walk.ts';

/**
 * Finds the pivot of a table for a height.
 * @throws RollbackError ERR_SCHEMA_UNKNOWN, ERR_SCHEMA_MISFIT, ERR_HEIGHT_UNREACHABLE, ERR_BELOW_WATERMARK,
 *   ERR_STRAGGLERS, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function searchHeight(context: TableContext, { height }: HeightTarget): Promise<SearchResult> {
  const { table, schema } = context;
  const oldest = await oldestRun(context);
  if (oldest === null) {
    context.notices.push(
      'the table holds no record that the engine serves: nothing of it is above any height',
    );
    return keepAll(context);
  }
  if (schema === null) throw new RollbackError('ERR_DEFECT', { what: `No schema for table ${table.name}` });
  if (decodeAt(schema, oldest, 0) === null) throw schemaMisfitError(table.name, schema, oldest, 0);
  const digest = new BlockHeightIndex(schema);
  const search = new HeightMatcher(context, schema, height, digest);
  const found = await walk(context, search.match, {
    skipBlocks: search.skipBlocks,
    // What sealing drops must not count, so an open segment is read record by record.
    observe: ({ index, metadata }) => (metadata.sealed ? digest.observer(index) : undefined),
  });
  const { pivot } = found;
  if (search.oldestAbove === null) return settle(context, schema, search, await keepAllFrom(context, found));
  if (pivot === null) {
    if (context.plan.onNoMatch !== 'refuse') return { walk: found, whenNone: 'policy' };
    throw heightUnreachableError(context, height, search, null);
  }
  if (table.watermark !== null && pivot.at.segment.index < table.watermark) {
    throw heightUnreachableError(context, height, search, pivot);
  }
  return settle(context, schema, search, { walk: found, whenNone: 'policy' });
}

/** keepAll() by the walk that was made, if that walk ended at the newest record. */
function keepAllFrom(context: TableContext, found: WalkResult): Promise<SearchResult> {
  const { pivot, walked } = found;
  const isNewest =
    pivot !== null &&
    walked.every(({ segment, survey }) =>
      segment === pivot.at.segment ? survey.end === pivot.groupEnd : survey.records === survey.droppedRecords,
    );
  return isNewest ? Promise.resolve({ walk: found, whenNone: 'keep' }) : keepAll(context);
}

/**
 * Checks the records that would stay, and moves the end if the user wants that. Where no record above the
 * height marks where its height ends, all of it stays: late records go only with the records that they follow.
 */
async function settle(
  context: TableContext,
  schema: TableSchema,
  search: HeightMatcher,
  result: SearchResult,
): Promise<SearchResult> {
  const { stragglers } = context.plan;
  const { target: height, oldestAbove } = search;
  const isCut = oldestAbove !== null;
  const all = new StragglerSearch(context, schema, height, search.digest);
  const end = result.walk.pivot as Pivot;
  const stop = isCut ? 'first' : 'deciding';
  const { above, highest } = await all.before(end, stragglers === 'drop' ? stop : null);
  const isNewest = !isCut && above?.decides !== true;
  if (above !== null && !isNewest) {
    if (stragglers === 'drop') return dropFrom(context, schema, height, above);
    if (stragglers === 'refuse') throw stragglersError(context, height, above);
  }
  if (highest !== null && highest < height) context.notices.push(nextLower(height, highest, isNewest));
  context.heights = {
    schema: schema.name,
    target: String(height),
    lastKept: highest === null ? null : String(highest),
    firstRemoved: oldestAbove === null ? null : String(oldestAbove),
    alsoRemoved: null,
  };
  if (above !== null) {
    const { members: records, groups, lowest, highest: top } = above;
    context.keptAbove = { records, groups, lowest: String(lowest), highest: String(top) };
  }
  return result;
}

function nextLower(height: bigint, highest: bigint, isNewest: boolean): string {
  return isNewest
    ? `height ${height} is above the newest one of this table, ${highest}`
    : `height ${height} has no record here: ${highest} is the next lower one`;
}

/**
 * Everything from the oldest record above the height on goes; the plan lists the heights at or below it that go
 * too.
 */
async function dropFrom(
  context: TableContext,
  schema: TableSchema,
  height: bigint,
  above: Stragglers,
): Promise<SearchResult> {
  const gone = new HeightRanges();
  const found = await walk(context, matcherBefore(above.first, collector(schema, height, gone)));
  if (found.pivot === null) throw nothingBeforeError(context, height, above.first);
  context.heights = {
    schema: schema.name,
    target: String(height),
    lastKept: above.before === null ? null : String(above.before),
    firstRemoved: String(above.example.height),
    alsoRemoved: {
      records: gone.records,
      ranges: gone.sorted().map(([from, to]) => [String(from), String(to)] as const),
      complete: gone.complete,
    },
  };
  return { walk: found, whenNone: 'policy' };
}

function collector(schema: TableSchema, height: bigint, into: HeightRanges) {
  const heights = new HeightBuffer(schema);
  const limit = halve(height);
  return (batch: KeyRun, from: number): void => {
    heights.fill(batch);
    for (let i = batch.count - 1; i >= from; i--) {
      if (heights.roles[i] === ROLE.decides && isWithin(heights, i, limit)) into.add(heightAt(heights, i));
    }
  };
}

function heightUnreachableError(
  context: TableContext,
  height: bigint,
  search: HeightMatcher,
  pivot: Pivot | null,
): RollbackError {
  const { table } = context;
  // A record above the height was passed, so there are both.
  const { lowest, highest } = search;
  const possible = `Choose a height from ${lowest} to ${highest}`;
  if (pivot !== null) {
    const { segment } = pivot.at;
    return new RollbackError(
      'ERR_BELOW_WATERMARK',
      {
        what: `Height ${height} of table ${table.name} ends in segment ${segment.index}, below the gc-watermark ${table.watermark}`,
        why: 'The engine has collected that segment: after the rollback nothing readable would be left',
        next: possible,
      },
      { table: table.name, segment: segment.index, path: table.watermarkFiles[0]?.path },
    );
  }
  return new RollbackError(
    'ERR_HEIGHT_UNREACHABLE',
    {
      what: `Height ${height} is below everything in table ${table.name}, whose lowest height is ${lowest}`,
      why: 'There would be nothing to keep, and a target is never moved to the nearest possible one',
      next: `${possible}. --on-no-match keep leaves such a table as it is, delete empties it`,
    },
    { table: table.name },
  );
}

function nothingBeforeError(context: TableContext, height: bigint, first: Position): RollbackError {
  return new RollbackError(
    'ERR_HEIGHT_UNREACHABLE',
    {
      what: `The oldest record of table ${context.table.name} is above height ${height} already`,
      why: 'With --stragglers drop everything from there on goes: nothing would stay',
      next: 'Choose a higher target, or --stragglers keep',
    },
    { table: context.table.name, segment: first.segment, offset: first.offset },
  );
}
