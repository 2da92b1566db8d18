/**
 * The limits against which a scan of a key file checks the records, and its findings: the first fault, and (in
 * an unsealed segment) what sealing drops.
 */
import type { ErrorCode } from '../errors.ts';

/** More dropped ranges than any crash leaves: a file that needs more does not hold key records. */
const MAX_DROPPED_RANGES = 1_000_000;

/** The limits against which the scan checks the records. */
export interface ScanRules {
  readonly segment: number;
  readonly shardingFactor: number;
  /** Bytes in each shard's value file; null when values are not to be checked. */
  readonly valueSizes: readonly number[] | null;
  /**
   * True for an unsealed segment: unclosed groups, and groups with incomplete values, are dropped by sealing
   * and are not faults.
   */
  readonly sealing: boolean;
}

/** The first fault of a file. */
export interface Fault {
  readonly code: ErrorCode;
  /** Byte offset of the record, or of the group's first record. */
  readonly offset: number;
  readonly record: number;
  readonly problem: string;
}

/** A run of records, always whole groups, that sealing drops. */
export interface DroppedRange {
  readonly start: number;
  end: number;
  readonly firstRecord: number;
  records: number;
}

/** Gathers findings; they may come in any order of their offsets. */
export class ScanFindings {
  firstFault: Fault | null = null;
  readonly dropped: DroppedRange[] = [];
  /** Records in `dropped`. */
  droppedRecords = 0;

  /** Notes a fault; only the one that lies first is kept. */
  fault(code: ErrorCode, offset: number, record: number, problem: string): void {
    if (this.firstFault === null || offset < this.firstFault.offset) {
      this.firstFault = { code, offset, record, problem };
    }
  }

  /** Notes that sealing drops the bytes from `start` to `end`, which hold `records` records. */
  drop(start: number, end: number, record: number, records: number): void {
    this.droppedRecords += records;
    const last = this.dropped.at(-1);
    if (last !== undefined && last.end === start) {
      last.end = end;
      last.records += records;
      return;
    }
    if (this.dropped.length === MAX_DROPPED_RANGES) {
      this.fault('ERR_KEY_RECORD', start, record, `more than ${MAX_DROPPED_RANGES} gaps in one key file`);
      return;
    }
    this.dropped.push({ start, end, firstRecord: record, records });
  }
}
