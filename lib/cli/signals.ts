/**
 * Handles SIGINT, SIGTERM and SIGHUP. Before the first change they abort the command, and its locks are
 * released on the way out. From the first change on they only cause a message: stopping midway would leave the
 * database half-cut, so the remaining steps are finished.
 */
import { RollbackError } from '../errors.ts';

const HANDLED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The signals of one run. */
export class Signals {
  /** The first signal that came before any change; null if none came. */
  received: NodeJS.Signals | null = null;
  readonly #controller = new AbortController();
  readonly #again = new AbortController();
  readonly #say: (text: string) => void;
  #changing = false;

  constructor(say: (text: string) => void) {
    this.#say = say;
    this.listen();
  }

  /** Begins to listen, or goes on with it. */
  listen(): void {
    for (const signal of HANDLED) process.on(signal, this.#handle);
  }

  /** Aborted by the first signal that comes before any change. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborted by the second signal that comes before any change of this process. */
  get again(): AbortSignal {
    return this.#again.signal;
  }

  /** Whether changes have begun. */
  get changing(): boolean {
    return this.#changing;
  }

  /** From now on the run is finished whatever signal comes. */
  changesBegin(): void {
    this.#changing = true;
  }

  /** Changes have ended: signals count again. */
  changesEnd(): void {
    this.#changing = false;
  }

  /**
   * Throws when a signal has asked to stop. Long stretches of synchronous work keep signals waiting: they first
   * get the chance to be delivered, which takes two turns of the event loop.
   */
  async checkpoint(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.received !== null) throw this.interruptedError();
  }

  /** The error of an interrupted run. */
  interruptedError(): RollbackError {
    return new RollbackError('ERR_INTERRUPTED', {
      what: `Interrupted by ${this.received ?? 'a signal'}`,
      why: 'Nothing was changed',
    });
  }

  /** Stops listening: a signal ends the process at once. */
  dispose(): void {
    for (const signal of HANDLED) process.off(signal, this.#handle);
  }

  #handle = (signal: NodeJS.Signals): void => {
    if (this.#changing) {
      this.#say(
        `${signal} received. Changes have begun: the remaining steps are being finished, because ` +
          'stopping midway would leave the database half-cut',
      );
      return;
    }
    if (this.received !== null) this.#again.abort();
    this.received ??= signal;
    this.#controller.abort(this.interruptedError());
  };
}
