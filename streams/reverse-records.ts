/**
 * Segments in, record batches out, last record first.
 *
 * A record carries its length at its front, so a key file can only be parsed forward. One forward survey leaves
 * checkpoints; then the blocks between them are read from the end, parsed forward inside, and handed on. Memory
 * is one block, whatever the file's size.
 */
import { transform } from 'through2';
import { indexRecords, roomFor } from '../lib/format/key-records.ts';
import { partitionPoint } from '../lib/format/partition-point.ts';
import type { DurableFs } from '../lib/store/durable-fs.ts';
import { blockEnd, type KeySurvey, type SurveyOptions, surveyKeys } from '../lib/store/key-survey.ts';
import {
  breatheSometimes,
  closeAfterReading,
  openForReading,
  readFully,
  viewOf,
} from '../lib/store/reading.ts';
import type { Segment } from '../lib/store/types.ts';
import type { BatchGate, RecordBatch, SurveyedSegment } from './record-batch.ts';

const NOTHING = Buffer.alloc(0);

/** How to read. */
export interface ReverseOptions {
  readonly fs: DurableFs;
  readonly walk: BatchGate;
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called once a segment, before its survey: returns the callback that sees the records of each block on the
   * way.
   */
  readonly observe?: ((segment: Segment) => SurveyOptions['onBlock']) | undefined;
  /**
   * Called once a segment, after its survey: how many of its newest blocks hold no wanted record. They are not
   * read again. No group may continue from the other blocks into them.
   */
  readonly skipBlocks?: ((at: SurveyedSegment) => number) | undefined;
  /** Called with the number of bytes surveyed or handed on since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** @throws (as a stream error) RollbackError ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED */
export function reverseRecords(options: ReverseOptions): NodeJS.ReadWriteStream {
  const { walk } = options;
  return transform(
    { objectMode: true, highWaterMark: 1 },
    async function* (segments: AsyncIterable<Segment>): AsyncGenerator<RecordBatch, void, void> {
      for await (const segment of segments) {
        // Passes on what the source had sent before the walk stopped: with unread input the stream would never
        // end.
        if (walk.stopped) continue;
        const at = { segment, survey: await surveySegment(segment, options) };
        for await (const batch of reverseBatches(at, options)) {
          walk.acquire();
          yield batch;
          await walk.drained();
          if (walk.stopped) break;
        }
      }
    },
  );
}

/** Surveys a segment's key file by its own metadata: sealing rules apply when it is unsealed. */
export function surveySegment(segment: Segment, options: Omit<ReverseOptions, 'walk'>): Promise<KeySurvey> {
  return surveyKeys(options.fs, segment.keys.path, segment.keys.size, {
    rules: {
      segment: segment.index,
      shardingFactor: segment.metadata.shardingFactor,
      valueSizes: segment.values.map((v) => v.size),
      sealing: !segment.metadata.sealed,
    },
    blockBytes: options.blockBytes,
    signal: options.signal,
    onBytes: options.onBytes,
    onBlock: options.observe?.(segment),
  });
}

/** The batches of one surveyed segment, newest first unless told otherwise; one empty batch without records. */
export function reverseBatches(
  at: SurveyedSegment,
  options: Omit<ReverseOptions, 'walk'> & { readonly direction?: 'newest-first' | 'oldest-first' },
): AsyncGenerator<RecordBatch, void, void> {
  const blocks = at.survey.blockStarts.length;
  if (options.direction === 'oldest-first') return blockBatches(at, countUp(blocks), options);
  const skipped = options.skipBlocks?.(at) ?? 0;
  if (skipped > 0) options.onBytes?.(at.survey.end - (at.survey.blockStarts[blocks - skipped] as number));
  return blockBatches(at, countDown(blocks - skipped), options);
}

function* countUp(end: number): Generator<number, void, void> {
  for (let i = 0; i < end; i++) yield i;
}

function* countDown(end: number): Generator<number, void, void> {
  for (let i = end - 1; i >= 0; i--) yield i;
}

/**
 * The batches of some blocks of a surveyed segment; one empty batch when there is none. The next block is
 * chosen when the batch before it is done. All share one buffer and one open file, so that memory does not
 * follow the file size.
 */
export async function* blockBatches(
  at: SurveyedSegment,
  blocks: Iterable<number>,
  options: Pick<ReverseOptions, 'fs' | 'signal' | 'onBytes'>,
): AsyncGenerator<RecordBatch, void, void> {
  const { survey } = at;
  const wanted = blocks[Symbol.iterator]();
  let next = wanted.next();
  if (next.done) {
    yield { at, buffer: NOTHING, base: 0, offsets: new Int32Array(0), count: 0, firstRecord: 0, match: -1 };
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(survey.longestBlock);
  const view = viewOf(buffer);
  const offsets = new Int32Array(roomFor(survey.longestBlock));
  const fd = openForReading(options.fs, survey.path);
  try {
    for (; !next.done; next = wanted.next()) {
      const block = next.value;
      const base = survey.blockStarts[block] as number;
      const length = blockEnd(survey, block) - base;
      readFully(options.fs, fd, survey.path, buffer, base, length);
      const { count: whole } = indexRecords(view, length, offsets);
      const count = survey.dropped.length === 0 ? whole : leaveOut(survey, base, offsets, whole);
      options.onBytes?.(length);
      await breatheSometimes(options.signal);
      const firstRecord = survey.blockRecords[block] as number;
      yield { at, buffer, base, offsets, count, firstRecord, match: -1 };
    }
  } finally {
    closeAfterReading(options.fs, fd, survey.path);
  }
}

/** Removes the records that sealing drops from `offsets`; returns how many are left. */
function leaveOut(survey: KeySurvey, base: number, offsets: Int32Array, whole: number): number {
  let count = 0;
  let range = firstRangeBehind(survey, base);
  for (let i = 0; i < whole; i++) {
    const at = offsets[i] as number;
    while (range < survey.dropped.length && (survey.dropped[range]?.end as number) <= base + at) range++;
    const dropped = survey.dropped[range];
    if (dropped === undefined || dropped.start > base + at) offsets[count++] = at;
  }
  return count;
}

/** Index of the first dropped range that ends after `offset`. */
function firstRangeBehind(survey: KeySurvey, offset: number): number {
  return partitionPoint(survey.dropped.length, (i) => (survey.dropped[i]?.end as number) <= offset);
}
