/**
 * Finds the newest record that marks a height at or below the target. On the way it notes what the user has to
 * know: which heights there are, and which one is removed first.
 */
import type { BatchMatcher, RecordBatch, SurveyedSegment } from '../../../streams/record-batch.ts';
import type { RollbackError } from '../../errors.ts';
import type { BlockHeightIndex, BlockHeights } from '../../schemas/block-heights.ts';
import { type HalvedHeight, HeightBuffer, halve, heightAt, isBelow } from '../../schemas/heights.ts';
import { ROLE, type TableSchema } from '../../schemas/types.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import { schemaMisfitError } from './misfit.ts';
import { skippableBlocks } from './walk.ts';

/** The search for one height in one table. */
export class HeightMatcher {
  /** Height of the oldest served record above the target that the walk passed; null when there was none. */
  oldestAbove: bigint | null = null;
  /** Lowest and highest served height that the walk has reached. */
  lowest: bigint | null = null;
  highest: bigint | null = null;
  private readonly heights: HeightBuffer;
  private readonly limit: HalvedHeight;

  constructor(
    private readonly context: TableContext,
    private readonly schema: TableSchema,
    readonly target: bigint,
    /** The heights of blocks that have been read. */
    readonly digest: BlockHeightIndex,
  ) {
    this.heights = new HeightBuffer(schema);
    this.limit = halve(target);
  }

  readonly match: BatchMatcher = (batch) => {
    const { heights, limit } = this;
    heights.fill(batch);
    const { roles, high, low } = heights;
    const { none, counts, misfit } = ROLE; // hot
    const { high: limitHigh, low: limitLow } = limit;
    /** The oldest one above the limit, and the lowest and highest of those. */
    let [above, min, max] = [-1, -1, -1];
    for (let i = batch.count - 1; i >= 0; i--) {
      const role = roles[i] as number;
      if (role === none || role === counts) continue;
      if (role === misfit) throw this.misfitError(batch, i);
      const h = high[i] as number;
      if (h < limitHigh || (h === limitHigh && (low[i] as number) <= limitLow)) {
        this.note(batch, above, min, max);
        this.widen(batch.at.segment, heightAt(heights, i));
        return i;
      }
      above = i;
      if (min < 0) min = max = i;
      else if (isBelow(heights, i, min)) min = i;
      else if (isBelow(heights, max, i)) max = i;
    }
    this.note(batch, above, min, max);
    return -1;
  };

  /** How many of a segment's newest blocks hold no acceptable record; the heights of those blocks are noted. */
  readonly skipBlocks = ({ segment }: SurveyedSegment): number => {
    const blocks = this.digest.blocksOf(segment.index) ?? [];
    const count = skippableBlocks(blocks, (block) => this.isAbove(block));
    const from = blocks.length - count;
    for (let i = blocks.length - 1; i >= from; i--) {
      const { oldest, lowest, highest } = blocks[i] as BlockHeights;
      if (oldest === null || lowest === null || highest === null || !this.isServed(segment)) continue;
      this.oldestAbove = oldest;
      this.widen(segment, lowest);
      this.widen(segment, highest);
    }
    if (from === 0) this.digest.forget(segment.index);
    return count;
  };

  private isAbove({ fits, lowest }: BlockHeights): boolean {
    return fits && (lowest === null || lowest > this.target);
  }

  private misfitError(batch: RecordBatch, i: number): RollbackError {
    return schemaMisfitError(
      this.context.table.name,
      this.schema,
      { ...batch, segment: batch.at.segment },
      i,
    );
  }

  private note(batch: RecordBatch, above: number, min: number, max: number): void {
    if (above < 0 || !this.isServed(batch.at.segment)) return;
    this.oldestAbove = heightAt(this.heights, above);
    this.widen(batch.at.segment, heightAt(this.heights, min));
    this.widen(batch.at.segment, heightAt(this.heights, max));
  }

  private isServed({ index }: Segment): boolean {
    return index >= (this.context.table.watermark ?? 0);
  }

  private widen(segment: Segment, height: bigint): void {
    if (!this.isServed(segment)) return;
    if (this.lowest === null || height < this.lowest) this.lowest = height;
    if (this.highest === null || height > this.highest) this.highest = height;
  }
}
