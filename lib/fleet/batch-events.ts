/** What a batch tells while it runs: numbered, with its time, in the order in which it happens. */
import type { Progress } from '../types.ts';
import type { BatchSummary } from './batch-summary.ts';
import type { BatchCommand } from './tasks.ts';
import type { NodeEnded, NodePlanned, RoomNeed } from './verdicts.ts';

/** What happened. */
export type BatchNews =
  | {
      readonly message_type: 'batch';
      readonly event: 'begin';
      readonly command: BatchCommand;
      /** Id of the run; null where none is saved. */
      readonly run: string | null;
      readonly target: string | null;
      readonly nodes: number;
      readonly jobs: number;
      readonly notices: readonly string[];
    }
  | ({ readonly message_type: 'node'; readonly event: 'planned' } & NodePlanned)
  | {
      readonly message_type: 'node';
      readonly event: 'started';
      readonly node: string;
      readonly worker: number;
    }
  | ({ readonly message_type: 'node'; readonly event: 'ended' } & NodeEnded)
  | {
      readonly message_type: 'gate';
      /** Whether nodes are changed. */
      readonly go: boolean;
      readonly blocking: readonly string[];
      readonly bytes_needed: readonly RoomNeed[];
      /** Why not, where no single node is the reason. */
      readonly reason: string | null;
    }
  | ({ readonly message_type: 'progress'; readonly node: string } & Progress)
  | { readonly message_type: 'note'; readonly text: string }
  | ({ readonly message_type: 'summary' } & BatchSummary);

/** One line of the events: what happened, with its number and time (RFC 3339). */
export type BatchEvent = BatchNews & { readonly version: 1; readonly seq: number; readonly at: string };

/** Events that are taken one by one. */
export class EventQueue implements AsyncIterable<BatchEvent> {
  #waiting: BatchEvent[] = [];
  #seq = 0;
  #ended = false;
  #error: unknown = null;
  #wake: () => void = () => {};

  /** Numbers an event and queues it. */
  push(news: BatchNews): BatchEvent {
    const { message_type, ...rest } = news;
    this.#seq += 1;
    const head = { message_type, version: 1, seq: this.#seq, at: new Date().toISOString() };
    const event = { ...head, ...rest } as BatchEvent;
    this.#waiting.push(event);
    this.#wake();
    return event;
  }

  /** No event comes any more. An error is thrown where they are taken. */
  end(error: unknown = null): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BatchEvent> {
    for (;;) {
      const taken = this.#waiting;
      this.#waiting = [];
      yield* taken;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== null) throw this.#error;
  }
}
