/** The segments of a table, a line for each. */
import type { SegmentReport } from './inspect-report.ts';
import { type Column, plainTable } from './plain-table.ts';
import { formatBytes, formatCount, formatTime } from './text.ts';

const COLUMNS: readonly Column[] = [
  { head: 'segment', align: 'right' },
  { head: 'records', align: 'right' },
  { head: 'keys', align: 'right' },
  { head: 'values', align: 'right' },
  { head: 'shards', align: 'right' },
  { head: 'version', align: 'right' },
  { head: 'sealed', align: 'left' },
];

/** All of them as one text, without a newline at its end. */
export function segmentTable(segments: readonly SegmentReport[]): string {
  const rows = segments.map((s) => [
    `${s.segment}`,
    s.records === null ? '?' : formatCount(s.records),
    formatBytes(s.keyBytes),
    formatBytes(s.valueBytes),
    `${s.shards}`,
    `${s.version}`,
    s.sealedAt === null ? 'no' : formatTime(s.sealedAt),
  ]);
  return plainTable(COLUMNS, rows);
}
