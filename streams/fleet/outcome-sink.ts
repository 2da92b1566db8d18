/** The sink of a batch: takes each result as it comes. */
import { Writable } from 'node:stream';

/** @param take told of each result; an error that it throws ends the batch */
export function outcomeSink<Verdict>(take: (verdict: Verdict) => void): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(verdict: Verdict, _encoding, done): void {
      try {
        take(verdict);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
