/**
 * Remarks on standard error. For programs each is a line of JSON, and is held back until the run has ended: an error
 * is then told in one line of JSON, with the remarks in it, and nothing else stands beside it.
 */
import { printable } from '../report/text.ts';
import type { Output } from './output.ts';

interface Held {
  readonly kind: 'note' | 'warning';
  readonly text: string;
}

/** The remarks of one run. */
export class Notes {
  readonly #err: Output;
  #json = false;
  #quiet = false;
  #held: Held[] = [];

  constructor(err: Output) {
    this.#err = err;
  }

  /** How remarks are told from here on. */
  configure({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }): void {
    this.#json = json;
    this.#quiet = quiet;
  }

  /** Tells one thing, in a sentence without its stop; nothing with --quiet. */
  async note(text: string): Promise<void> {
    if (!this.#quiet) await this.#say({ kind: 'note', text });
  }

  /** Tells what nobody may miss. */
  warn(text: string): Promise<void> {
    return this.#say({ kind: 'warning', text });
  }

  /** What was held back, once: it is told in another place. */
  take(): string[] {
    return this.#held.splice(0).map(({ text }) => text);
  }

  /** Tells what was held back. */
  async flush(): Promise<void> {
    for (const { kind, text } of this.#held.splice(0))
      await this.#err.say(`${JSON.stringify({ message_type: kind, version: 1, text })}\n`);
  }

  async #say(remark: Held): Promise<void> {
    if (this.#json) this.#held.push(remark);
    else await this.#err.say(`${remark.kind}: ${printable(remark.text)}\n`);
  }
}
