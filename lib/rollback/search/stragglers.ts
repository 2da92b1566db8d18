/** Records above the target height that would stay because they lie before records that do. */
import type { ForwardRun, Position } from '../../../streams/forward-runs.ts';
import { RollbackError } from '../../errors.ts';
import {
  decodeAt,
  type HalvedHeight,
  HeightBuffer,
  halve,
  heightAt,
  isBelow,
  isWithin,
} from '../../schemas/heights.ts';
import { ROLE, type TableSchema } from '../../schemas/types.ts';
import type { TableContext } from '../context.ts';
import { keptRuns } from './kept-runs.ts';
import { misfit } from './misfit.ts';

/** What is known of the records that would stay. */
export interface KeptHeights {
  readonly stragglers: Stragglers | null;
  /** Highest height at or below the target; null when no record tells one. */
  readonly highest: bigint | null;
}

/** What was found; there is at least one. */
export interface Stragglers {
  readonly first: Position;
  readonly example: { readonly label: string; readonly height: bigint };
  readonly records: number;
  readonly lowest: bigint;
  readonly highest: bigint;
  /** Height of the newest record before the first one that tells one. */
  readonly before: bigint | null;
}

/**
 * Looks at every record before `end`.
 * @param onlyFirst stop at the first one: the numbers are then of that one alone
 * @throws RollbackError ERR_SCHEMA_MISFIT, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function findStragglers(
  context: TableContext,
  schema: TableSchema,
  height: bigint,
  end: Position,
  onlyFirst: boolean,
): Promise<KeptHeights> {
  const search = new StragglerSearch(context.table.name, schema, height);
  for await (const run of keptRuns(context, end, 'heights')) {
    search.look(run);
    if (onlyFirst && search.found !== null) break;
  }
  return { stragglers: search.found, highest: search.highest };
}

class StragglerSearch {
  found: { -readonly [K in keyof Stragglers]: Stragglers[K] } | null = null;
  highest: bigint | null = null;
  private before: bigint | null = null;
  private readonly heights: HeightBuffer;
  private readonly limit: HalvedHeight;

  constructor(
    private readonly table: string,
    private readonly schema: TableSchema,
    height: bigint,
  ) {
    this.heights = new HeightBuffer(schema);
    this.limit = halve(height);
  }

  look(run: ForwardRun): void {
    const { heights, limit } = this;
    heights.fill(run);
    const { roles } = heights;
    let deciding = -1;
    let max = -1;
    for (let i = 0; i < run.count; i++) {
      const role = roles[i] as number;
      if (role === ROLE.none) continue;
      if (role === ROLE.misfit) throw misfit(this.table, this.schema, run, i);
      if (!isWithin(heights, i, limit)) this.note(run, i, deciding);
      else if (role === ROLE.decides) {
        deciding = i;
        if (max < 0 || isBelow(heights, max, i)) max = i;
      }
    }
    if (max >= 0) this.raise(heightAt(heights, max));
    if (deciding >= 0 && this.found === null) this.before = heightAt(heights, deciding);
  }

  private raise(height: bigint): void {
    if (this.highest === null || height > this.highest) this.highest = height;
  }

  private note(run: ForwardRun, i: number, deciding: number): void {
    const height = heightAt(this.heights, i);
    const { found } = this;
    if (found === null) {
      if (deciding >= 0) this.before = heightAt(this.heights, deciding);
      const label = decodeAt(this.schema, run, i)?.label ?? `height ${height}`;
      this.found = {
        first: { segment: run.segment.index, offset: run.base + (run.offsets[i] as number) },
        example: { label, height },
        records: 1,
        lowest: height,
        highest: height,
        before: this.before,
      };
      return;
    }
    found.records++;
    if (height < found.lowest) found.lowest = height;
    if (height > found.highest) found.highest = height;
  }
}

/** The refusal of a plan that would keep records above its height. */
export function refuseStragglers(context: TableContext, height: bigint, found: Stragglers): RollbackError {
  const { table } = context;
  const { first, example, records, lowest, highest } = found;
  const heights = lowest === highest ? `height ${lowest}` : `heights ${lowest} to ${highest}`;
  const amount = records === 1 ? '1 record' : `${records} records`;
  return new RollbackError(
    'ERR_STRAGGLERS',
    {
      what: `${amount} above height ${height} would stay (${heights}), for example ${example.label}`,
      why: 'Older heights were written after them, as a migration does: no single cut separates the two',
      next:
        '--stragglers keep cuts behind the newest record at or below the height all the same; ' +
        '--stragglers drop cuts before the oldest record above it, and removes lower heights with it',
    },
    { table: table.name, segment: first.segment, offset: first.offset },
  );
}
