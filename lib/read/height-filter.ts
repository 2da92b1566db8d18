/** Which records belong to a range of heights. A group follows its primary, whatever its secondaries say. */
import type { RecordBatch } from '../../streams/record-batch.ts';
import { isPrimaryAt } from '../format/key-records.ts';
import { MAX_HEIGHT } from '../input/checks.ts';
import { type HalvedHeight, HeightBuffer, halve, isWithin } from '../schemas/heights.ts';
import { ROLE, type TableSchema } from '../schemas/types.ts';

/** Heights from one to another, both included; null for no limit. */
export interface HeightRange {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** Marks the records of batches of one table. */
export class HeightFilter {
  /** By index in the batch that was marked last: 1 for a record within the range. */
  wanted = new Uint8Array(0);
  /** Groups that were left out because the key of their primary does not fit the schema. */
  misfits = 0;
  private readonly heights: HeightBuffer;
  private readonly upper: HalvedHeight;
  /** The largest height below the range; null when there is none. */
  private readonly below: HalvedHeight | null;

  constructor(schema: TableSchema, range: HeightRange) {
    this.heights = new HeightBuffer(schema);
    this.upper = halve(range.to ?? MAX_HEIGHT);
    this.below = range.from === null || range.from === 0n ? null : halve(range.from - 1n);
  }

  /**
   * Marks a batch.
   * @param open whether the group that the batch begins in the middle of is wanted
   * @returns the same for the next batch
   */
  mark(batch: RecordBatch, open: boolean): boolean {
    const { buffer, offsets, count } = batch;
    const { heights } = this;
    heights.fill(batch);
    if (this.wanted.length < count) this.wanted = new Uint8Array(offsets.length);
    let isWanted = open;
    for (let i = 0; i < count; i++) {
      if (isPrimaryAt(buffer, offsets[i] as number)) isWanted = this.judge(i);
      this.wanted[i] = Number(isWanted);
    }
    return isWanted;
  }

  /** A primary without a height is outside every range. */
  private judge(i: number): boolean {
    const role = this.heights.roles[i] as number;
    if (role === ROLE.misfit) this.misfits++;
    if (role === ROLE.misfit || role === ROLE.none || !isWithin(this.heights, i, this.upper)) return false;
    return this.below === null || !isWithin(this.heights, i, this.below);
  }
}
