/** Targets that come down to a place: everything before it stays. */
import type { Position } from '../../../streams/forward-runs.ts';
import type { BatchMatcher, RecordBatch } from '../../../streams/record-batch.ts';
import { partitionPoint } from '../../format/partition-point.ts';

/** Accepts the newest record before a place, which must be the beginning of a group. */
export function matcherBefore(
  place: Position,
  onPassed?: (batch: RecordBatch, from: number) => void,
): BatchMatcher {
  return (batch) => {
    const { index } = batch.at.segment;
    let kept = index < place.segment ? batch.count : 0;
    if (index === place.segment) kept = countBefore(batch, place.offset - batch.base);
    onPassed?.(batch, kept);
    return kept - 1;
  };
}

/** How many records of a batch begin before position `limit` of its buffer. */
function countBefore({ offsets, count }: RecordBatch, limit: number): number {
  return partitionPoint(count, (i) => (offsets[i] as number) < limit);
}
