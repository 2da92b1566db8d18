/** The heights of a table, segment by segment, as text. */
import type { SegmentHeights } from '../read/height-list.ts';
import type { HeightsReport } from './inspect-report.ts';
import { formatCount, plural, printable } from './text.ts';

/** The heights at the two ends of a table, in one line. */
export function endsText({ schema, ends }: HeightsReport): string {
  const { oldest, newest, fits, problem } = ends;
  if (problem !== null) return `not readable: ${printable(problem)}`;
  const by = `(schema ${printable(schema)})`;
  const odd = fits ? '' : '; keys there do not fit';
  if (oldest === null && newest === null) return `no record at the ends has one ${by}${odd}`;
  const height = (end: typeof oldest): string => (end === null ? 'unknown' : formatCount(end.height));
  return `${height(oldest)} to ${height(newest)} ${by}${odd}`;
}

const COLUMNS = ['segment', 'records', 'groups', 'begins with', 'ends with', 'lowest', 'highest'] as const;

/** A line for each segment, in columns. */
export function heightsTable(segments: readonly SegmentHeights[]): string[] {
  const rows = segments.map((s) => [
    String(s.segment),
    formatCount(s.records),
    formatCount(s.groups),
    ...[s.first, s.last, s.lowest, s.highest].map((height) => (height === null ? '–' : formatCount(height))),
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  return [COLUMNS, ...rows].map((row) => `  ${row.map((cell, i) => cell.padStart(widths[i]!)).join('  ')}`);
}

/** Heights out of order and keys that do not fit: a label and a text for each finding. */
export function heightsTrouble(
  segments: readonly SegmentHeights[],
): (readonly [label: string, text: string])[] {
  const found: (readonly [string, string])[] = [];
  let highest: bigint | null = null;
  for (const s of segments) {
    if (s.belowOlder) {
      const text = `segment ${s.segment} goes down to ${formatCount(s.lowest ?? '')}, older segments up to ${formatCount(highest ?? '')}`;
      found.push(['out of order', text]);
    }
    if (s.highest !== null && (highest === null || BigInt(s.highest) > highest)) highest = BigInt(s.highest);
    if (s.falls > 0) found.push(['out of order', partsText(s)]);
    if (s.misfits > 0) {
      const fit = s.misfits === 1 ? 'does not fit' : 'do not fit';
      found.push(['odd keys', `segment ${s.segment}: ${plural(s.misfits, 'key')} that ${fit} the schema`]);
    }
  }
  return found;
}

function partsText({ segment, falls, parts }: SegmentHeights): string {
  const each = parts.map(({ record, first, last }) =>
    first === last
      ? `${formatCount(first)} (record ${record})`
      : `${formatCount(first)} to ${formatCount(last)} (from record ${record})`,
  );
  const rest = falls + 1 - parts.length;
  const more = rest === 0 ? '' : `, and ${formatCount(rest)} more`;
  return `segment ${segment}: ${each.join(', then ')}${more}`;
}
