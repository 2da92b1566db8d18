/** The sink of an apply: carries out each step, one after the other, before it takes the next. */
import { Writable } from 'node:stream';
import type { Step } from '../lib/types.ts';

/** What to do with steps. */
export interface ApplySinkOptions {
  /** Carries out one step durably; throws when it cannot. */
  readonly execute: (step: Step) => void;
  /** Called after each step. */
  readonly onStep?: ((step: Step) => void) | undefined;
}

/** The first error ends the stream; no later step is carried out. */
export function applySink(options: ApplySinkOptions): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(step: Step, _encoding, done): void {
      try {
        options.execute(step);
        options.onStep?.(step);
      } catch (error) {
        done(error as Error);
        return;
      }
      // A turn of the event loop between steps lets signals and progress through.
      setImmediate(done);
    },
  });
}
