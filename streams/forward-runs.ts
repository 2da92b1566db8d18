/**
 * Records in the order in which they were written, in runs over one buffer: for checks that need every record
 * that stays. Where nothing is dropped a file is read once, without a survey and without an object for each
 * record.
 */
import { indexRecords, type KeyRun, roomFor } from '../lib/format/key-records.ts';
import { BlockReader } from '../lib/store/block-reader.ts';
import type { DurableFs } from '../lib/store/durable-fs.ts';
import { breatheSometimes, closeAfterReading, openForReading } from '../lib/store/reading.ts';
import type { Segment } from '../lib/store/types.ts';
import type { RecordBatch } from './record-batch.ts';
import { reverseBatches, surveySegment } from './reverse-records.ts';

/** A place in a table: the record of `segment` that begins at byte `offset` of its key file. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

/** How to read. */
export interface ForwardOptions {
  readonly fs: DurableFs;
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** Records from this place on are left out; null to read all. */
  readonly end: Position | null;
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes read since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** A run of records of one segment. The buffer is reused for the next run. */
export interface ForwardRun extends KeyRun {
  readonly segment: Segment;
  /** File offset of the buffer's first byte. */
  readonly base: number;
  /** Number in its segment of the record at the buffer's start. */
  readonly firstRecord: number;
}

/**
 * The records that the engine serves, oldest first; what sealing drops is left out.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function* forwardRuns(options: ForwardOptions): AsyncGenerator<ForwardRun, void, void> {
  const { segments, end } = options;
  for (const segment of segments) {
    if (end !== null && segment.index > end.segment) return;
    const limit = end?.segment === segment.index ? end.offset : segment.keys.size;
    if (limit === 0) continue;
    yield* segment.metadata.sealed ? sealedRuns(segment, limit, options) : openRuns(segment, limit, options);
  }
}

async function* sealedRuns(
  segment: Segment,
  limit: number,
  options: ForwardOptions,
): AsyncGenerator<ForwardRun, void, void> {
  const { path } = segment.keys;
  const reader = new BlockReader(path, limit, options.blockBytes);
  let offsets = new Int32Array(0);
  let firstRecord = 0;
  const fd = openForReading(options.fs, path);
  try {
    for (let more = true; more; ) {
      const { offset: base } = reader;
      const got = reader.read(options.fs, fd);
      const { buffer, view } = reader;
      if (offsets.length < roomFor(buffer.length)) offsets = new Int32Array(roomFor(buffer.length));
      const { count, used } = indexRecords(view, got, offsets);
      if (count > 0) yield { segment, buffer, base, offsets, count, firstRecord };
      firstRecord += count;
      options.onBytes?.(used);
      more = got > 0 && reader.advance(got, used);
      await breatheSometimes(options.signal);
    }
  } finally {
    closeAfterReading(options.fs, fd, path);
  }
}

/** A segment that is not sealed is read by the rules of sealing. */
async function* openRuns(
  segment: Segment,
  limit: number,
  options: ForwardOptions,
): AsyncGenerator<ForwardRun, void, void> {
  const survey = await surveySegment(segment, { ...options, onBytes: undefined });
  const reading = { ...options, direction: 'oldest-first' } as const;
  for await (const batch of reverseBatches({ segment, survey }, reading)) {
    const run = runBefore(batch, limit);
    if (run.count > 0) yield run;
    if (run.count < batch.count) return;
  }
}

/** The records of a batch that begin before byte `limit` of the key file. */
export function runBefore(
  { at, buffer, base, offsets, firstRecord, count }: RecordBatch,
  limit: number,
): ForwardRun {
  let before = count;
  while (before > 0 && base + (offsets[before - 1] as number) >= limit) before--;
  return { segment: at.segment, buffer, base, offsets, count: before, firstRecord };
}
