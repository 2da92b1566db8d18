/**
 * Finds the newest record that tells a height at or below the target, and notes on the way what a person has to
 * know: which heights there are, and which one is removed first.
 */
import type { BatchMatcher, RecordBatch } from '../../../streams/record-batch.ts';
import type { RollbackError } from '../../errors.ts';
import { type HalvedHeight, HeightBuffer, halve, heightAt, isBelow } from '../../schemas/heights.ts';
import { ROLE, type TableSchema } from '../../schemas/types.ts';
import type { TableContext } from '../context.ts';
import { misfit } from './misfit.ts';

/** The search for one height in one table. */
export class HeightMatcher {
  /** Height of the oldest record above the target that was passed; null when none was. */
  oldestAbove: bigint | null = null;
  /** Height of the record that was accepted. */
  accepted: bigint | null = null;
  /** Lowest and highest height that the engine serves, as far as the walk has come. */
  lowest: bigint | null = null;
  highest: bigint | null = null;
  private readonly heights: HeightBuffer;
  private readonly limit: HalvedHeight;

  constructor(
    private readonly context: TableContext,
    private readonly schema: TableSchema,
    target: bigint,
  ) {
    this.heights = new HeightBuffer(schema);
    this.limit = halve(target);
  }

  readonly match: BatchMatcher = (batch) => {
    const { heights, limit } = this;
    heights.fill(batch);
    const { roles, high, low } = heights;
    const { high: limitHigh, low: limitLow } = limit;
    /** The oldest one above the limit, and the lowest and highest of those. */
    let [above, min, max] = [-1, -1, -1];
    for (let i = batch.count - 1; i >= 0; i--) {
      const role = roles[i] as number;
      if (role === ROLE.none || role === ROLE.counts) continue;
      if (role === ROLE.misfit) throw this.misfit(batch, i);
      const h = high[i] as number;
      if (h < limitHigh || (h === limitHigh && (low[i] as number) <= limitLow)) {
        this.accepted = heightAt(heights, i);
        this.note(batch, above, min, max);
        this.widen(batch, this.accepted);
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

  private misfit(batch: RecordBatch, i: number): RollbackError {
    return misfit(this.context.table.name, this.schema, { ...batch, segment: batch.at.segment }, i);
  }

  private note(batch: RecordBatch, above: number, min: number, max: number): void {
    if (above < 0) return;
    this.oldestAbove = heightAt(this.heights, above);
    this.widen(batch, heightAt(this.heights, min));
    this.widen(batch, heightAt(this.heights, max));
  }

  private widen(batch: RecordBatch, height: bigint): void {
    const { watermark } = this.context.table;
    if (watermark !== null && batch.at.segment.index < watermark) return;
    if (this.lowest === null || height < this.lowest) this.lowest = height;
    if (this.highest === null || height > this.highest) this.highest = height;
  }
}
