/** Logs in tests: written by the writer, or read whole by the reader. */
import { encodeBatchHeader, encodeOperation, KIND } from '../../lib/pebble/batch.ts';
import { LogWriter } from '../../lib/pebble/log-writer.ts';
import { type RecordEnd, RecordReader, refuseBroken } from '../../lib/pebble/record-reader.ts';
import { blocksOf } from './vectors.ts';

/** A delete, or a set to an address. */
export interface Change {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** A log of batches with so many operations each. */
export function logOf(
  number: number,
  firstSequence: number,
  batchOps: number,
  changes: readonly Change[],
): Buffer {
  const parts: Buffer[] = [];
  const writer = new LogWriter(number, (bytes) => parts.push(Buffer.from(bytes)));
  for (let i = 0; i < changes.length; i += batchOps) {
    const some = changes.slice(i, i + batchOps);
    writer.begin();
    writer.add(encodeBatchHeader(firstSequence + i, some.length));
    for (const { key, value } of some)
      writer.add(encodeOperation(value === null ? KIND.delete : KIND.set, key, value));
    writer.end();
  }
  writer.close();
  return Buffer.concat(parts);
}

/** What a log holds. */
export interface ReadLog {
  readonly records: readonly Buffer[];
  /** Where each record ends (bytes). */
  readonly ends: readonly number[];
  readonly end: RecordEnd;
}

/** Every record of a log, and its end. */
export function readLog(bytes: Buffer, number: number): ReadLog {
  const reader = new RecordReader({ of: 'log', number }).read(blocksOf(bytes));
  const records: Buffer[] = [];
  const ends: number[] = [];
  for (;;) {
    const next = reader.next();
    if (next.done === true) return { records, ends, end: next.value };
    records.push(Buffer.from(next.value.payload));
    ends.push(next.value.end);
  }
}

/** The same, where a log must end cleanly. */
export function readWholeLog(bytes: Buffer, number: number): ReadLog {
  const read = readLog(bytes, number);
  refuseBroken(read.end, 'log');
  return read;
}
