/**
 * Finds the newest record that tells a height at or below the target, and notes on the way what a person has to
 * know: which heights there are, and which one is removed first.
 */
import type { BatchMatcher, RecordBatch } from '../../../streams/record-batch.ts';
import {
  type HalvedHeight,
  HeightBuffer,
  halve,
  heightAt,
  isBelow,
  isWithin,
} from '../../schemas/heights.ts';
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
    const run = { ...batch, segment: batch.at.segment };
    heights.fill(batch);
    const { roles } = heights;
    for (let i = batch.count - 1; i >= 0; i--) {
      const role = roles[i] as number;
      if (role === ROLE.misfit) throw misfit(this.context.table.name, this.schema, run, i);
      if (role !== ROLE.decides) continue;
      if (isWithin(heights, i, limit)) {
        this.accepted = heightAt(heights, i);
        this.noteAbove(batch, i + 1);
        this.noteRange(batch, this.accepted);
        return i;
      }
    }
    this.noteAbove(batch, 0);
    return -1;
  };

  /** Notes the records from index `from` on, all of which are above the target. */
  private noteAbove(batch: RecordBatch, from: number): void {
    const { heights } = this;
    const { roles } = heights;
    let first = -1;
    let min = -1;
    let max = -1;
    for (let i = from; i < batch.count; i++) {
      if (roles[i] !== ROLE.decides) continue;
      if (first < 0) {
        first = min = max = i;
        continue;
      }
      if (isBelow(heights, i, min)) min = i;
      if (isBelow(heights, max, i)) max = i;
    }
    if (first < 0) return;
    this.oldestAbove = heightAt(heights, first);
    this.noteRange(batch, heightAt(heights, min));
    this.noteRange(batch, heightAt(heights, max));
  }

  private noteRange(batch: RecordBatch, height: bigint): void {
    const { watermark } = this.context.table;
    if (watermark !== null && batch.at.segment.index < watermark) return;
    if (this.lowest === null || height < this.lowest) this.lowest = height;
    if (this.highest === null || height > this.highest) this.highest = height;
  }
}
