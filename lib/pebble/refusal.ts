/** How the parsers of Pebble's files refuse: a code for the kind of problem, and what was found. */

/** What a refusal is about: the directory's names and markers, OPTIONS, MANIFEST, tables, logs, their sequence numbers. */
export type PebbleCode =
  | 'unknown-file'
  | 'markers'
  | 'format'
  | 'options'
  | 'manifest'
  | 'table-files'
  | 'log'
  | 'no-trailer'
  | 'sequence';

/** Something in a Pebble directory that these parsers do not know for certain. Nothing is guessed. */
export class PebbleRefusal extends Error {
  constructor(
    readonly code: PebbleCode,
    /** What was found, without the file's name. */
    readonly found: string,
    /** Name of the file in the Pebble directory; null while unknown. */
    readonly file: string | null = null,
  ) {
    super(file === null ? found : `${file}: ${found}`);
    this.name = 'PebbleRefusal';
  }
}

/**
 * Does work on one file, and names that file in a refusal that does not name one.
 * @throws PebbleRefusal what the work refuses
 */
export function onFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PebbleRefusal && error.file === null)
      throw new PebbleRefusal(error.code, error.found, file);
    throw error;
  }
}
