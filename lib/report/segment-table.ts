/** The segments of a table, a line for each. */
import Table from 'cli-table3';
import type { SegmentReport } from './inspect-report.ts';
import { formatBytes, formatCount, formatTime } from './text.ts';

/** All of them as one text, without a newline at its end. */
export function segmentTable(segments: readonly SegmentReport[]): string {
  const table = new Table({
    head: ['segment', 'records', 'keys', 'values', 'shards', 'version', 'sealed'],
    colAligns: ['right', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 },
    chars: PLAIN,
  });
  for (const s of segments) {
    table.push([
      s.segment,
      s.records === null ? '?' : formatCount(s.records),
      formatBytes(s.keyBytes),
      formatBytes(s.valueBytes),
      s.shards,
      s.version,
      s.sealedAt === null ? 'no' : formatTime(s.sealedAt),
    ]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => ` ${line}`.trimEnd())
    .join('\n');
}

/** Columns without lines between them. */
const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
