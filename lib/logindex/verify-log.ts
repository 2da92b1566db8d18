/** Reads back a log that a rollback has prepared: whole, closed, and with the planned record as its last one. */
import { readBatch } from '../pebble/batch.ts';
import { parseName } from '../pebble/names.ts';
import { RecordReader } from '../pebble/record-reader.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { RewindLogStep } from '../types.ts';
import { blocksOf } from './files.ts';
import { heightSetBy, LOG_INDEX_RULES } from './keys.ts';

/** Size of the log that a step writes (bytes). */
export function sizeAfter({ keep, append }: Pick<RewindLogStep, 'keep' | 'append'>): number {
  return keep + append.length / 2;
}

/**
 * The problem with a log that was written for a step; null when it is whole.
 * @throws RollbackError ERR_IO
 */
export function problemOfWrittenLog(fs: DurableFs, path: string, step: RewindLogStep): string | null {
  const name = parseName(step.file.path);
  if (name?.kind !== 'log') return 'has not the name of a log';
  try {
    const records = new RecordReader({ of: 'log', number: name.number }).read(
      blocksOf(fs, path, sizeAfter(step)),
    );
    let [before, end] = [0, 0];
    for (;;) {
      const next = records.next();
      if (next.done === true) {
        if (next.value.kind !== 'trailer') return 'does not end with its trailer';
        return before === step.keep && end > before ? null : 'holds something else before its last record';
      }
      readBatch(next.value.payload, LOG_INDEX_RULES.kinds, heightSetBy);
      [before, end] = [end, next.value.end];
    }
  } catch (error) {
    if (error instanceof PebbleRefusal) return `cannot be read back: ${error.message}`;
    throw error;
  }
}
