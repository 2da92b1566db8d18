/** A walk over the table under planning, with its progress. */
import { type WalkOptions, walkTable } from '../../../streams/pipeline.ts';
import type { WalkResult } from '../../../streams/plan-sink.ts';
import type { BatchMatcher } from '../../../streams/record-batch.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import type { Found } from './found.ts';

/**
 * Walks the table from its newest record until the matcher accepts one.
 * @throws RollbackError of any stage
 */
export function walk(
  { table, plan }: TableContext,
  matcher: BatchMatcher,
  look: Pick<WalkOptions, 'observe' | 'unwanted'> = {},
): Promise<WalkResult> {
  // Each file is read once forward, and once more backward.
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
 * Everything that the engine serves stays: the walk ends at the newest such record, and what the engine would
 * tidy is put in order all the same.
 */
export async function keepAll(context: TableContext): Promise<Found> {
  const watermark = context.table.watermark ?? 0;
  const matcher: BatchMatcher = ({ at, count }) => (at.segment.index < watermark ? -1 : count - 1);
  return { walk: await walk(context, matcher), whenNone: 'keep' };
}
