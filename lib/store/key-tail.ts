/**
 * The last records of a large key file without reading all of it. A file can only be parsed forward; so this
 * looks for the place near the end from which a chain of records continues to the end, each naming its own
 * segment. That is as good as certain, but not proven: good enough to show, never to decide by.
 */
import {
  ADDRESS_SIZE,
  type KeyRun,
  KIND,
  MAX_RECORD_SIZE,
  RECORD_OFFSET,
  RECORD_OVERHEAD,
  roomFor,
} from '../format/key-records.ts';
import type { DurableFs } from './durable-fs.ts';
import { readRange, viewOf } from './reading.ts';

/** Bytes at the end that are read: several of the largest records. */
const WINDOW = 4 * MAX_RECORD_SIZE;

/**
 * The last whole records of a key file; all of them when it is short.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING
 */
export function lastRecords(fs: DurableFs, path: string, size: number, segment: number): KeyRun {
  const length = Math.min(size, WINDOW);
  const buffer = readRange(fs, path, size - length, length);
  const chains = chainsOf(buffer, segment);
  const start = length === size ? 0 : bestStart(chains);
  const offsets = new Int32Array(roomFor(length));
  let count = 0;
  for (let at = start; (chains.ends[at] as number) > at; at = recordEnd(buffer, at)) offsets[count++] = at;
  return { buffer, offsets, count };
}

const recordEnd = (buffer: Buffer, at: number): number =>
  at + RECORD_OVERHEAD + buffer.readUInt16BE(at + RECORD_OFFSET.keyLength);

/** For each byte: where the chain of records that begins there ends, and how many records it has. */
interface Chains {
  readonly ends: Int32Array;
  readonly counts: Int32Array;
}

function chainsOf(buffer: Buffer, segment: number): Chains {
  const view = viewOf(buffer);
  const ends = Int32Array.from({ length: buffer.length + 1 }, (_, at) => at);
  const counts = new Int32Array(buffer.length + 1);
  for (let at = buffer.length - RECORD_OVERHEAD; at >= 0; at--) {
    const end = recordEnd(buffer, at);
    const isRecord =
      end <= buffer.length &&
      (buffer[at] as number) <= KIND.lastSecondary &&
      view.getUint32(end - ADDRESS_SIZE) === segment;
    if (!isRecord) continue;
    ends[at] = ends[end] as number;
    counts[at] = 1 + (counts[end] as number);
  }
  return { ends, counts };
}

/**
 * Where the chain that goes furthest begins, and of several the longest; one of the first bytes begins a
 * record.
 */
function bestStart({ ends, counts }: Chains): number {
  let best = 0;
  for (let at = 1; at < MAX_RECORD_SIZE && at < ends.length; at++) {
    const further = (ends[at] as number) - (ends[best] as number);
    if (further > 0 || (further === 0 && (counts[at] as number) > (counts[best] as number))) best = at;
  }
  return best;
}
