/** Runs the filter over each batch, newest record first, until it accepts one. */
import { transform } from 'through2';
import type { BatchMatcher, RecordBatch } from './record-batch.ts';

/** @param matcher finds the newest match in a batch; its exceptions become stream errors */
export function filterRecords(matcher: BatchMatcher): NodeJS.ReadWriteStream {
  let found = false;
  return transform({ objectMode: true, highWaterMark: 1 }, (batch: RecordBatch, _encoding, done) => {
    try {
      if (!found) batch.match = matcher(batch);
      found ||= batch.match >= 0;
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, batch);
  });
}
