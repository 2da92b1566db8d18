/** The sink of an apply: carries out each step, one after the other, before it takes the next. */
import { Writable } from 'node:stream';

/** How to carry out steps. */
export interface ApplySinkOptions<Item> {
  /** Carries out one step durably; throws when it cannot. */
  readonly execute: (step: Item) => void;
  /** Called after each step. */
  readonly onStep?: ((step: Item) => void) | undefined;
}

/** The first error ends the stream; no later step is carried out. */
export function applySink<Item>(options: ApplySinkOptions<Item>): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(step: Item, _encoding, done): void {
      try {
        options.execute(step);
        options.onStep?.(step);
      } catch (error) {
        done(error as Error);
        return;
      }
      // One turn of the event loop between steps lets signals and progress through.
      setImmediate(done);
    },
  });
}
