/** A walk over the table under planning, with its progress. */
import { type WalkOptions, walkTable } from '../../../streams/pipeline.ts';
import type { WalkResult } from '../../../streams/plan-sink.ts';
import type { BatchMatcher } from '../../../streams/record-batch.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';

/**
 * Walks the table from its newest record until the matcher accepts one.
 * @throws RollbackError of any stage
 */
export function walk(
  { table, plan }: TableContext,
  matcher: BatchMatcher,
  look: Pick<WalkOptions, 'observe' | 'skipBlocks'> = {},
): Promise<WalkResult> {
  // Each file is read once forward and once backward.
  const total = 2 * keyBytes(table.segments);
  let done = 0;
  return walkTable({
    fs: plan.fs,
    segments: table.segments,
    matcher,
    blockBytes: plan.blockBytes,
    signal: plan.signal,
    ...look,
    onBytes: (bytes) => {
      done += bytes;
      plan.onProgress?.({ phase: 'scan', table: table.name, done, total, unit: 'bytes' });
    },
  });
}

/** Bytes of the key files of some segments. */
function keyBytes(segments: readonly Segment[]): number {
  return segments.reduce((sum, s) => sum + s.keys.size, 0);
}

/**
 * Everything that the engine serves stays: the walk ends at the newest such record, and the plan still tidies
 * what the engine would tidy.
 */
export async function keepAll(context: TableContext): Promise<SearchResult> {
  const watermark = context.table.watermark ?? 0;
  const matcher: BatchMatcher = ({ at, count }) => (at.segment.index < watermark ? -1 : count - 1);
  return { walk: await walk(context, matcher), whenNone: 'keep' };
}

/** The walk, and what to do when it finds no pivot. */
export interface SearchResult {
  readonly walk: WalkResult;
  /** `keep`: the table has nothing that could match, so it stays; `policy`: the user's policy decides. */
  readonly whenNone: 'policy' | 'keep';
}

/**
 * How many of a segment's newest blocks hold no record that a search may accept. If a block begins with the
 * rest of an older block's group and that older block is needed, it is needed too: the group ends in it.
 */
export function skippableBlocks<B extends { readonly inGroup: boolean }>(
  blocks: readonly B[],
  isUnwanted: (block: B) => boolean,
): number {
  let from = blocks.length;
  while (from > 0 && isUnwanted(blocks[from - 1] as B)) from--;
  while (from < blocks.length && blocks[from]?.inGroup === true) from++;
  return blocks.length - from;
}
