/** The source: a table's segments, newest first, not opened yet. */
import { Readable } from 'node:stream';
import type { Segment } from '../lib/store/types.ts';
import type { BatchGate } from './record-batch.ts';

/** @param segments oldest first, as a table lists them */
export function segmentSource(segments: readonly Segment[], walk: BatchGate): Readable {
  function* newestFirst(): Generator<Segment> {
    for (let i = segments.length - 1; i >= 0 && !walk.stopped; i--) yield segments[i] as Segment;
  }
  return Readable.from(newestFirst(), { objectMode: true, highWaterMark: 1 });
}
