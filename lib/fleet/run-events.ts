/** The events of a run: lines that are appended, and outlive whatever kills their writer. */
import { ioError } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';

/** One file of events. A line is not synced: it repeats what was told, and the nodes know what was done. */
export class RunEvents {
  readonly #fs: DurableFs;
  readonly #path: string;
  readonly #mode: number;
  /** Where the next line begins; null before the first one of this process. */
  #end: number | null = null;

  constructor(fs: DurableFs, path: string, mode: number) {
    this.#fs = fs;
    this.#path = path;
    this.#mode = mode;
  }

  /** Appends a line. @throws RollbackError ERR_IO */
  append(event: object): void {
    try {
      const fd = this.#open();
      try {
        const line = Buffer.from(`${JSON.stringify(event)}\n`);
        const at = this.#end ?? this.#startAfterTornLine(fd);
        this.#fs.writeAt(fd, line, at);
        this.#end = at + line.length;
      } finally {
        this.#fs.close(fd);
      }
    } catch (error) {
      throw ioError(error, this.#path, 'write down an event', 'The nodes are not concerned');
    }
  }

  #open(): number {
    const isThere = lstatOrNull(this.#fs, this.#path) !== null;
    return isThere ? this.#fs.open(this.#path, 'r+') : this.#fs.open(this.#path, 'wx', this.#mode);
  }

  /** A run that was killed may have left half a line. */
  #startAfterTornLine(fd: number): number {
    const size = lstatOrNull(this.#fs, this.#path)?.size ?? 0;
    const last = Buffer.alloc(1);
    if (size === 0 || (this.#fs.readAt(fd, last, size - 1) === 1 && last.toString('latin1') === '\n'))
      return size;
    this.#fs.writeAt(fd, Buffer.from('\n'), size);
    return size + 1;
  }
}
