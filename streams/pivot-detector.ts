/**
 * Turns batches into events: the segments as the walk reaches them, and the pivot once it is found.
 *
 * Walking backward, a group's end comes before its primary, maybe in a newer batch. So at the end of each batch
 * the detector remembers where the group ends that continues into the next (older) batch: a match on any member
 * then keeps the whole group without a second look.
 */
import { transform } from 'through2';
import { KIND, keyLengthAt, RECORD_OVERHEAD } from '../lib/format/key-records.ts';
import {
  type BatchGate,
  keyOf,
  type RecordBatch,
  recordNumber,
  type SurveyedSegment,
} from './record-batch.ts';

/** The rollback point. Offsets are bytes in the segment's key file. */
export interface Pivot {
  readonly at: SurveyedSegment;
  readonly record: number;
  readonly offset: number;
  readonly kind: number;
  readonly key: Buffer;
  /** Where the pivot's group ends: everything before stays. */
  readonly groupEnd: number;
  /** Offset of the group's last record. */
  readonly lastOffset: number;
}

/** The events of the walk. */
export type WalkEvent =
  | { readonly type: 'segment'; readonly at: SurveyedSegment }
  | { readonly type: 'pivot'; readonly pivot: Pivot };

/** Where a group ends, and its last record. */
interface GroupEnd {
  readonly end: number;
  readonly lastOffset: number;
}

/** Emits WalkEvents; stops the walk at the pivot. */
export function pivotDetector(walk: BatchGate): NodeJS.ReadWriteStream {
  let current: SurveyedSegment | null = null;
  let open: GroupEnd | null = null;
  return transform(
    { objectMode: true, highWaterMark: 1 },
    function (this: { push(e: WalkEvent): void }, batch: RecordBatch, _encoding, done) {
      if (batch.at !== current) {
        current = batch.at;
        open = null;
        this.push({ type: 'segment', at: batch.at });
      }
      if (batch.match >= 0) {
        this.push({ type: 'pivot', pivot: pivotAt(batch, batch.match, open) });
        walk.stop();
      } else open = openGroup(batch, open);
      walk.release();
      done();
    },
  );
}

function pivotAt(batch: RecordBatch, index: number, open: GroupEnd | null): Pivot {
  const offset = batch.offsets[index] as number;
  const kind = batch.buffer[offset] as number;
  const continues = kind === KIND.primary || kind === KIND.secondary;
  const group = continues ? groupEndFrom(batch, index, open) : endOf(batch, index);
  return {
    at: batch.at,
    record: recordNumber(batch, index),
    offset: batch.base + offset,
    kind,
    key: keyOf(batch, index),
    groupEnd: group.end,
    lastOffset: group.lastOffset,
  };
}

function endOf(batch: RecordBatch, index: number): GroupEnd {
  const at = batch.offsets[index] as number;
  return {
    end: batch.base + at + RECORD_OVERHEAD + keyLengthAt(batch.buffer, at),
    lastOffset: batch.base + at,
  };
}

/**
 * The end of the group that the record at `index` belongs to. A group that is never closed ends with its last
 * secondary: the checks of the kept data report it as damage.
 */
function groupEndFrom(batch: RecordBatch, index: number, open: GroupEnd | null): GroupEnd {
  let last = index;
  for (let i = index + 1; i < batch.count; i++) {
    const kind = batch.buffer[batch.offsets[i] as number];
    if (kind !== KIND.secondary && kind !== KIND.lastSecondary) return endOf(batch, last);
    last = i;
    if (kind === KIND.lastSecondary) return endOf(batch, i);
  }
  return open ?? endOf(batch, last);
}

/** The end of the group that this batch begins in the middle of; null when the batch begins with a primary. */
function openGroup(batch: RecordBatch, open: GroupEnd | null): GroupEnd | null {
  if (batch.count === 0) return open;
  const kind = batch.buffer[batch.offsets[0] as number];
  if (kind === KIND.lastSecondary) return endOf(batch, 0);
  return kind === KIND.secondary ? groupEndFrom(batch, 0, open) : null;
}
