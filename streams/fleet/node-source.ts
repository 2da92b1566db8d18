/** The source of a batch: its nodes, one after the other, until the brake is on. */
import { Readable } from 'node:stream';

/** Stops a batch: what is under way goes on to its end, and nothing new begins. */
export class FleetBrake {
  #on = false;

  /** Whether no new node may begin. */
  get isOn(): boolean {
    return this.#on;
  }

  /** Begins no new node from now on. */
  stop(): void {
    this.#on = true;
  }
}

/** @param nodes taken lazily: a node that does not come up is never asked for */
export function nodeSource<Node>(nodes: Iterable<Node>, brake: FleetBrake): Readable {
  function* untilStopped(): Generator<Node> {
    for (const node of nodes) {
      if (brake.isOn) return;
      yield node;
    }
  }
  return Readable.from(untilStopped(), { objectMode: true, highWaterMark: 1 });
}
