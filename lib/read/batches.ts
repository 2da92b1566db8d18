/** The record batches of one segment in either direction, with the filter's answer for each record. */
import type { RecordBatch } from '../../streams/record-batch.ts';
import { type ReverseOptions, reverseBatches, surveySegment } from '../../streams/reverse-records.ts';
import type { Segment } from '../store/types.ts';
import type { HeightFilter } from './height-filter.ts';

/** How to read. */
export interface BatchOptions extends Omit<ReverseOptions, 'walk'> {
  readonly newestFirst: boolean;
  /**
   * Null to take every record. After each batch its `wanted` holds the answers for the records of that batch.
   */
  readonly filter: HeightFilter | null;
}

/**
 * The batches of a segment. Backward, a group's end comes before the primary that decides about the group. So
 * with a filter the file is first read once forward, keeping one bit for each block: is the group wanted that
 * the block begins in the middle of?
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function* segmentBatches(
  segment: Segment,
  options: BatchOptions,
): AsyncGenerator<RecordBatch, void, void> {
  const { filter } = options;
  const at = { segment, survey: await surveySegment(segment, options) };
  const forward = { ...options, direction: 'oldest-first' } as const;
  if (!options.newestFirst) {
    let open = false;
    for await (const batch of reverseBatches(at, forward)) {
      if (filter !== null) open = filter.mark(batch, open);
      yield batch;
    }
    return;
  }
  if (filter === null) {
    yield* reverseBatches(at, options);
    return;
  }
  const begins = new Uint8Array(Math.max(at.survey.blockStarts.length, 1));
  let block = 0;
  let open = false;
  let any = false;
  for await (const batch of reverseBatches(at, forward)) {
    begins[block++] = Number(open);
    open = filter.mark(batch, open);
    any ||= filter.wanted.subarray(0, batch.count).includes(1);
  }
  if (!any) return;
  const { misfits } = filter; // the forward pass counted each one
  for await (const batch of reverseBatches(at, options)) {
    filter.mark(batch, begins[--block] === 1);
    filter.misfits = misfits;
    yield batch;
  }
}
