/**
 * The heights of a key file's blocks, noted during the survey: enough to know in which blocks a height cannot
 * end, and which hold nothing above it, without reading them again.
 */
import { beginsInGroup, type KeyRun } from '../format/key-records.ts';
import { decodeAt, HeightBuffer, heightAt, isBelow } from './heights.ts';
import { receipts, receiptsSpan } from './receipts.ts';
import { ROLE, type RunSpan, type TableSchema } from './types.ts';

/** The heights of one block of records; null where no record has one. */
export interface BlockHeights {
  /** Of the records that mark where their height ends: the oldest and newest one's, the lowest, the highest. */
  readonly oldest: bigint | null;
  readonly newest: bigint | null;
  readonly lowest: bigint | null;
  readonly highest: bigint | null;
  /** The highest of all records that have a height. */
  readonly top: bigint | null;
  /** Whether every key fits the schema. */
  readonly fits: boolean;
  /** Whether the block begins inside a group. */
  readonly inGroup: boolean;
}

/** Gathers the heights of the blocks of several segments. */
export class BlockHeightIndex {
  private readonly heights: HeightBuffer;
  private readonly segments = new Map<number, BlockHeights[]>();

  constructor(private readonly schema: TableSchema) {
    this.heights = new HeightBuffer(schema);
  }

  /** The callback for the blocks of a segment, oldest first. What the schema throws is thrown. */
  observer(segment: number): (run: KeyRun) => void {
    const blocks: BlockHeights[] = [];
    this.segments.set(segment, blocks);
    return (run) => blocks.push(this.look(run));
  }

  /** Forgets the blocks of a segment: a table may have thousands of segments. */
  forget(segment: number): void {
    this.segments.delete(segment);
  }

  /** The blocks of a segment, oldest first; undefined before the segment has been surveyed. */
  blocksOf(segment: number): readonly BlockHeights[] | undefined {
    return this.segments.get(segment);
  }

  private look(run: KeyRun): BlockHeights {
    if (this.schema === receipts) {
      return blockHeights(run, receiptsSpan(run), (i) => decodeAt(receipts, run, i)?.height ?? null);
    }
    this.heights.fill(run);
    return blockHeights(run, spanOf(this.heights, run.count), (i) => heightAt(this.heights, i));
  }
}

function blockHeights(
  run: KeyRun,
  { oldest, newest, lowest, highest, top, fits }: RunSpan,
  heightOf: (i: number) => bigint | null,
): BlockHeights {
  const at = (i: number): bigint | null => (i < 0 ? null : heightOf(i));
  return {
    oldest: at(oldest),
    newest: at(newest),
    lowest: at(lowest),
    highest: at(highest),
    top: at(top),
    fits,
    inGroup: beginsInGroup(run),
  };
}

function spanOf(heights: HeightBuffer, count: number): RunSpan {
  const { roles } = heights;
  const { none, decides, misfit } = ROLE; // hot
  let [oldest, newest, lowest, highest, late] = [-1, -1, -1, -1, -1];
  let fits = true;
  for (let i = 0; i < count; i++) {
    const role = roles[i] as number;
    if (role === none) continue;
    if (role === decides) {
      newest = i;
      if (oldest < 0) oldest = lowest = highest = i;
      else if (isBelow(heights, i, lowest)) lowest = i;
      else if (isBelow(heights, highest, i)) highest = i;
    } else if (role === misfit) fits = false;
    else if (late < 0 || isBelow(heights, late, i)) late = i;
  }
  const top = late >= 0 && (highest < 0 || isBelow(heights, highest, late)) ? late : highest;
  return { oldest, newest, lowest, highest, top, fits };
}
