/**
 * Remarks on standard error. For programs each is a line of JSON that is held back until the run has ended: an
 * error is then printed as one line of JSON with the remarks in it, and nothing else.
 */
import { printable, wrap } from '../report/text.ts';
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
  readonly #width: number;

  /** @param width columns at which lines are broken; without it they are not */
  constructor(err: Output, width = Number.POSITIVE_INFINITY) {
    this.#err = err;
    this.#width = width - 2;
  }

  /** How to print remarks from now on. */
  configure({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }): void {
    this.#json = json;
    this.#quiet = quiet;
  }

  /** Prints one remark, a sentence without its full stop; silent with --quiet. */
  async note(text: string): Promise<void> {
    if (!this.#quiet) await this.#say({ kind: 'note', text });
  }

  /** Prints notices that the user must not miss. */
  warn(text: string): Promise<void> {
    return this.#say({ kind: 'warning', text });
  }

  /** Returns the remarks that were held back, once: the caller prints them elsewhere. */
  take(): string[] {
    return this.#held.splice(0).map(({ text }) => text);
  }

  /** Prints the remarks that were held back. */
  async flush(): Promise<void> {
    for (const { kind, text } of this.#held.splice(0))
      await this.#err.sayJson({ message_type: kind, version: 1, text });
  }

  async #say(remark: Held): Promise<void> {
    if (this.#json) this.#held.push(remark);
    else {
      const lines = wrap(`${remark.kind}: ${printable(remark.text)}`, this.#width);
      await this.#err.say(`${lines.join('\n  ')}\n`);
    }
  }
}
