/** What is written into a log-index to take it back: one record that lowers its heights and deletes the tags above. */
import { encodeBatchHeader, encodeOperation, KIND, MAX_SEQUENCE } from '../pebble/batch.ts';
import { LogWriter } from '../pebble/log-writer.ts';
import { logName } from '../pebble/names.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import { heightBytes, NEWEST, OLDEST, tagsAbove } from './keys.ts';
import type { LogIndexState } from './read.ts';

/** A file to write: bytes of the newest log that stay, then these. */
export interface LogChange {
  /** Name of the log. */
  readonly name: string;
  /** Size of the log that it replaces (bytes); null for one more log. */
  readonly from: number | null;
  /** Bytes of that log that stay in front. */
  readonly keep: number;
  /** What comes behind them: the record and the trailer. */
  readonly append: Buffer;
  /** The two heights afterwards. */
  readonly newest: bigint;
  readonly oldest: bigint;
}

/** File numbers stay below this. */
const MAX_FILE_NUMBER = 2 ** 31 - 1;

/**
 * What to write so that `height` is the newest one; null when it is that or a lower one already: a rollback raises
 * nothing.
 * @throws PebbleRefusal sequence
 */
export function changeOf(state: LogIndexState, height: bigint): LogChange | null {
  if (state.newest <= height) return null;
  const { nextSequence, newestLog, nextLog } = state;
  const [from, to] = tagsAbove(height);
  const above = height + 1n;
  const oldest = state.oldest > above ? above : state.oldest;
  const operations = [
    encodeOperation(KIND.rangeDelete, from, to),
    encodeOperation(KIND.set, Buffer.from(NEWEST), heightBytes(height)),
    ...(oldest === state.oldest ? [] : [encodeOperation(KIND.set, Buffer.from(OLDEST), heightBytes(oldest))]),
  ];
  // Behind a clean end one more log is as good as a longer one. Behind any other one Pebble refuses to start.
  const isMore = newestLog.end.kind === 'trailer';
  const number = isMore ? nextLog : newestLog.number;
  if (nextSequence + operations.length > MAX_SEQUENCE || number > MAX_FILE_NUMBER)
    throw new PebbleRefusal('sequence', `sequence number ${nextSequence}, log ${number}`);
  const keep = isMore ? 0 : newestLog.end.valid;
  const parts: Buffer[] = [];
  const writer = new LogWriter(number, (bytes) => parts.push(Buffer.from(bytes)), keep);
  writer.record(Buffer.concat([encodeBatchHeader(nextSequence, operations.length), ...operations]));
  writer.close();
  const append = Buffer.concat(parts);
  return {
    name: logName(number),
    from: isMore ? null : newestLog.size,
    keep,
    append,
    newest: height,
    oldest,
  };
}
