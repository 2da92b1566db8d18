/** The data in the streams: runs of records over one buffer, newest run first. */
import { keyLengthAt, keyStart, RECORD_OVERHEAD } from '../lib/format/key-records.ts';
import type { KeySurvey } from '../lib/store/key-survey.ts';
import type { Segment } from '../lib/store/types.ts';

/** A segment whose key file has been surveyed. */
export interface SurveyedSegment {
  readonly segment: Segment;
  readonly survey: KeySurvey;
}

/**
 * A run of neighbouring records of one segment. The buffer is reused for the next batch: copy everything that
 * must outlive this one.
 */
export interface RecordBatch {
  readonly at: SurveyedSegment;
  /** The bytes of whole records, in file order. */
  readonly buffer: Buffer;
  /** File offset of the buffer's first byte. */
  readonly base: number;
  /** Positions in the buffer of the served records, oldest first; `count` of them are valid. */
  readonly offsets: Int32Array;
  readonly count: number;
  /** Number in its segment of the record at the buffer's start. */
  readonly firstRecord: number;
  /** Set by the filter stage: index into `offsets` of the newest match, or -1. */
  match: number;
}

/** Finds the newest match in a batch: walks it from its last record to its first; -1 for none. */
export type BatchMatcher = (batch: RecordBatch) => number;

/** The number in its segment, from 0, of the record at `offsets[index]`; dropped records are counted, too. */
export function recordNumber(
  batch: Pick<RecordBatch, 'buffer' | 'offsets' | 'firstRecord'>,
  index: number,
): number {
  const target = batch.offsets[index] as number;
  let number = batch.firstRecord;
  for (let at = 0; at < target; at += RECORD_OVERHEAD + keyLengthAt(batch.buffer, at)) number++;
  return number;
}

/** A copy of the key of the record at `offsets[index]`. */
export function keyOf(batch: RecordBatch, index: number): Buffer {
  const at = batch.offsets[index] as number;
  const start = keyStart(at);
  return Buffer.from(batch.buffer.subarray(start, start + keyLengthAt(batch.buffer, at)));
}

/**
 * The walk's brake. Batches share one buffer, and no older segment may be opened before the newer ones have
 * been judged. So the reader waits until the detector is done with the current batch.
 */
export class BatchGate {
  private underWay = 0;
  private halted = false;
  private wake: (() => void) | null = null;

  /** True when no more batches are wanted: a pivot was found, or a stage failed. */
  get stopped(): boolean {
    return this.halted;
  }

  /** The reader hands a batch on. */
  acquire(): void {
    this.underWay++;
  }

  /** The detector is done with a batch. */
  release(): void {
    this.underWay--;
    if (this.underWay === 0) this.wakeReader();
  }

  /** Stops the walk: no more batches are wanted. */
  stop(): void {
    this.halted = true;
    this.wakeReader();
  }

  /** Resolves when no batch is under way, or the walk has stopped. */
  drained(): Promise<void> {
    if (this.underWay === 0 || this.halted) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private wakeReader(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
