/**
 * Standard output and standard error. A reader that went away (`| head`) is not an error: the output is marked
 * as closed and swallows the rest. Everything else that goes wrong while writing results is reported.
 */
import type { Writable } from 'node:stream';
import { RollbackError } from '../errors.ts';
import { inAscii } from '../report/ascii.ts';

/** One of the two output streams. */
export class Output {
  /** The reader has gone; nothing more arrives there. */
  closed = false;
  readonly #write: Writable['write'];
  readonly #name: string;
  readonly #ascii: boolean;

  /** @param ascii replace the signs that a terminal without UTF-8 cannot show */
  constructor(stream: Writable, name: string, ascii = false) {
    this.#ascii = ascii;
    // Kept: what a user's module prints is led elsewhere (user-modules.ts).
    this.#write = stream.write.bind(stream);
    this.#name = name;
    // The callback of write() reports the same errors; without a listener they would end the process.
    stream.on('error', () => {});
  }

  /** Writes text for people and waits until it was handed over. False when the reader has gone away. */
  write(text: string): Promise<boolean> {
    return this.data(this.#ascii ? inAscii(text) : text);
  }

  /** Like `write`, for programs: not a byte is exchanged. */
  async data(text: string): Promise<boolean> {
    if (text === '' || this.closed) return !this.closed;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#write(text, (error?: Error | null) => (error == null ? resolve() : reject(error)));
      });
    } catch (error) {
      this.closed = true;
      if (isGone(error)) return false;
      throw this.#failureError(error);
    }
    return true;
  }

  /** Like `write`, or `data` if exact, for messages: errors are ignored. */
  async say(text: string, exact = false): Promise<void> {
    try {
      await (exact ? this.data(text) : this.write(text));
    } catch {
      // The error cannot be printed, and a message never decides what happens.
    }
  }

  /** Like `say`, for a line of JSON. */
  sayJson(document: Record<string, unknown>): Promise<void> {
    return this.say(`${JSON.stringify(document)}\n`, true);
  }

  /** One JSON document on a line of its own. */
  json(document: Record<string, unknown>): Promise<boolean> {
    return this.data(`${JSON.stringify(document)}\n`);
  }

  #failureError(error: unknown): RollbackError {
    const errno = (error as NodeJS.ErrnoException).code ?? String(error);
    return new RollbackError(
      'ERR_IO',
      {
        what: `Writing to ${this.#name} failed: ${errno}`,
        why: 'The result could not be shown',
        next: 'Send the output somewhere else, or make room for it',
      },
      {},
      error,
    );
  }
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END';
}
