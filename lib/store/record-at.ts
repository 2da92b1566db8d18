/** Reads one record by its offset in a surveyed key file. */
import { decodeRecord, nextRecord } from '../format/key-records.ts';
import type { DurableFs } from './durable-fs.ts';
import { blockEnd, blockIndexAt, type KeySurvey } from './key-survey.ts';
import { readRange } from './reading.ts';

/** One record, read by its offset. */
export interface FoundRecord {
  readonly offset: number;
  /** Number in the file, from 0, dropped records counted. */
  readonly record: number;
  readonly kind: number;
  readonly key: Buffer;
}

/**
 * The record that starts at `offset`; null when none does.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING
 */
export function recordAt(fs: DurableFs, survey: KeySurvey, offset: number): FoundRecord | null {
  if (offset >= survey.end || survey.blockStarts.length === 0) return null;
  const block = blockIndexAt(survey, offset);
  const base = survey.blockStarts[block] as number;
  const length = blockEnd(survey, block) - base;
  const buffer = readRange(fs, survey.path, base, length);
  let record = survey.blockRecords[block] as number;
  let at = 0;
  while (at < offset - base) {
    const next = nextRecord(buffer, at, length);
    if (next < 0) return null;
    at = next;
    record++;
  }
  const found = at === offset - base ? decodeRecord(buffer, at, length) : null;
  return found === null ? null : { offset, record, kind: found.record.kind, key: found.record.key };
}

/** The first record at or after `offset` that sealing keeps; null when there is none. */
export function nextKeptRecord(fs: DurableFs, survey: KeySurvey, offset: number): FoundRecord | null {
  let at = offset;
  for (const range of survey.dropped) {
    if (range.start <= at && at < range.end) at = range.end;
  }
  return recordAt(fs, survey, at);
}
