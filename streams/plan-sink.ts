/** The sink of a walk: collects the input for the plan of one table. */
import { Writable } from 'node:stream';
import type { Pivot, WalkEvent } from './pivot-detector.ts';
import type { SurveyedSegment } from './record-batch.ts';

/** The result of a walk. */
export interface WalkResult {
  readonly pivot: Pivot | null;
  /** The segments that the walk has opened, newest first; the last one holds the pivot, if there is one. */
  readonly walked: readonly SurveyedSegment[];
}

/** @param onResult called once, when the walk has ended */
export function planSink(onResult: (result: WalkResult) => void): Writable {
  let pivot: Pivot | null = null;
  const walked: SurveyedSegment[] = [];
  return new Writable({
    objectMode: true,
    write(event: WalkEvent, _encoding, done): void {
      if (event.type === 'pivot') pivot = event.pivot;
      else walked.push(event.at);
      done();
    },
    final(done): void {
      onResult({ pivot, walked });
      done();
    },
  });
}
