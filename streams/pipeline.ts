/** Wires the stages: a walk over one table, and the application of a list of steps. */
import highland from 'highland';
import type { Segment } from '../lib/store/types.ts';
import { type ApplySinkOptions, applySink } from './apply-sink.ts';
import { filterRecords } from './filter-records.ts';
import { pivotDetector } from './pivot-detector.ts';
import { planSink, type WalkResult } from './plan-sink.ts';
import { BatchGate, type BatchMatcher } from './record-batch.ts';
import { type ReverseOptions, reverseRecords } from './reverse-records.ts';
import { segmentSource } from './segment-source.ts';

/** One table's walk. */
export interface WalkOptions extends Omit<ReverseOptions, 'walk'> {
  /** Complete segments, oldest first. */
  readonly segments: readonly Segment[];
  readonly matcher: BatchMatcher;
}

/**
 * Walks a table from its newest record until the matcher accepts one. Opens one segment at a time and none
 * older than the pivot's.
 * @throws RollbackError of any stage
 */
export function walkTable(options: WalkOptions): Promise<WalkResult> {
  const walk = new BatchGate();
  return new Promise((resolve, reject) => {
    highland<Segment>(segmentSource(options.segments, walk))
      .through(reverseRecords({ ...options, walk }))
      .through(filterRecords(options.matcher))
      .through(pivotDetector(walk))
      .stopOnError((error) => {
        walk.stop(); // lets the reader close its file
        reject(error);
      })
      .pipe(planSink(resolve));
  });
}

/**
 * Carries out steps in order.
 * @throws what `execute` throws; the steps after the failed one are not carried out
 */
export function runSteps<Item>(steps: readonly Item[], options: ApplySinkOptions<Item>): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink = applySink(options);
    sink.on('error', reject);
    sink.on('finish', () => resolve());
    highland<Item>([...steps]).pipe(sink);
  });
}
