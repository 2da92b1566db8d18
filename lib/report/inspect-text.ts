/** The result of `inspect`, as text. */
import { bytesBar } from './bytes-bar.ts';
import { endsText, heightsTable, heightsTrouble } from './heights-text.ts';
import type { InspectReport, LockReport, SegmentReport, TableReport } from './inspect-report.ts';
import { type Paint, paint } from './paint.ts';
import { segmentTable } from './segment-table.ts';
import { statusLines } from './status-text.ts';
import {
  formatBytes,
  formatCount,
  formatRanges,
  formatSegments,
  formatTime,
  labelled,
  plural,
  printable,
  type TextStyle,
  usableWidth,
} from './text.ts';

/** How to show an inspection. */
export interface InspectTextOptions extends TextStyle {
  /** A line for every segment too. */
  readonly verbose?: boolean;
  /** The user asked for heights: tables without heights say so. */
  readonly listed?: boolean;
}

type Add = (label: string, text: string, tint?: (s: string) => string) => void;

/** The report, ending in a newline. */
export function inspectToText(report: InspectReport, options: InspectTextOptions = {}): string {
  const width = usableWidth(options);
  const colours = paint(options.color ?? false);
  const sections = [rootLines(report, colours, width)];
  if (report.status !== null)
    sections.push(statusLines({ ...report.status, roots: report.roots.map((r) => r.path) }, options));
  for (const table of report.tables) {
    const lines = tableLines(table, report, colours, options);
    if (options.verbose && table.segments.length > 0) lines.push(segmentTable(table.segments));
    sections.push(lines);
  }
  for (const { table, code, message } of report.damaged) {
    const text = `cannot be read: ${printable(message)} [${code}]`;
    sections.push([
      colours.heading(printable(table)),
      ...labelled('damaged', text, { width, column: 14, wholeCommand: options.wholeCommand }).map(
        colours.warn,
      ),
    ]);
  }
  if (report.notTables.length > 0) {
    sections.push([`No tables, by their names: ${report.notTables.map(printable).join(', ')}`]);
  }
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function rootLines(report: InspectReport, colours: Paint, width: number): string[] {
  const lines = report.roots.flatMap(({ path, database, lock }, i) => {
    const label = i > 0 ? '' : report.roots.length === 1 ? 'Root' : 'Roots';
    const name = database === null ? '' : ` (${database})`;
    const root = `${label.padEnd(8)}${printable(path)}${name}`;
    const tint = lock.state === 'free' ? String : colours.warn;
    const state = lockText(lock);
    if (root.length + 2 + state.length <= width) return [`${root}  ${tint(state)}`];
    return [root, ...labelled('', state, { indent: 0, column: 8, width }).map(tint)];
  });
  const notes = report.homeNotices.flatMap((notice) =>
    labelled('Note', printable(notice), { indent: 0, column: 8, width }),
  );
  return [...lines, ...notes.map(colours.warn)];
}

function lockText(lock: LockReport): string {
  const since = lock.since === null ? '' : ` since ${printable(lock.since)}`;
  switch (lock.state) {
    case 'free':
      return 'not locked';
    case 'held':
      return lock.pid === null
        ? `locked${since}: ${printable((lock.text ?? '').trim())}`
        : `locked by process ${lock.pid}${since}`;
    case 'elsewhere':
      return `locked by litt-rollback in another container, process ${lock.pid ?? '?'} there${since}`;
    case 'stale':
      return `a lock of process ${lock.pid ?? '?'}, which is gone, is left${since}`;
    case 'shut':
      return 'shut by a rollback that is not finished';
    case 'unreadable':
      return 'locked; the lock file cannot be read or understood';
  }
}

function tableLines(
  table: TableReport,
  report: InspectReport,
  colours: Paint,
  options: InspectTextOptions,
): string[] {
  const width = usableWidth(options);
  const lines = [colours.heading(table.table)];
  const add: Add = (label, text, tint = String) => {
    lines.push(...labelled(label, text, { width, column: 14 }).map(tint));
  };
  addSegments(table, add);
  lines.push(...barLines(table, width, colours));
  if (table.heights !== null) add('heights', endsText(table.heights));
  else if (options.listed && table.segments.length > 0) add('heights', undescribed(table.table));
  add(
    'watermark',
    table.watermark === null ? 'none' : `segment ${table.watermark} is the lowest readable one`,
  );
  add('keymap', keymapText(table, report));
  if (table.snapshots.length > 0) {
    const files = table.snapshots.reduce((sum, s) => sum + s.files, 0);
    add(
      'snapshot',
      `${plural(files, 'hard link')} in ${plural(table.snapshots.length, 'directory', 'directories')}`,
    );
  }
  addTrouble(table, report, (label, text) => add(label, text, colours.warn));
  addHeights(table, lines, (label, text) => add(label, text, colours.warn));
  return lines;
}

/** The bar with its legend beside it, or below if the line is too short. */
function barLines(table: TableReport, width: number, colours: Paint): string[] {
  const cells = Math.min(width - BAR_COLUMN, BAR_CELLS);
  const shown = bytesBar(table, cells, colours);
  if (shown === null) return [];
  const legend = shown.legend.join('   ');
  const line = `  ${'bytes'.padEnd(14)}${shown.bar}`;
  if (BAR_COLUMN + cells + 5 + shown.legendWidth <= width) return [`${line}     ${legend}`];
  return [line, `${' '.repeat(BAR_COLUMN)}${legend}`];
}

/** Where the bar begins. */
const BAR_COLUMN = 16;

/** Cells of a bar, if the screen is wide enough. */
const BAR_CELLS = 48;

const undescribed = (table: string): string => `unknown: no schema is known (--schema ${table}=SCHEMA)`;

function addHeights({ heights }: TableReport, lines: string[], add: Add): void {
  if (heights === null || heights.segments === null || heights.segments.length === 0) return;
  lines.push(...heightsTable(heights.segments));
  for (const [label, text] of heightsTrouble(heights.segments)) add(label, text);
}

function addSegments(table: TableReport, add: Add): void {
  const { segments } = table;
  if (segments.length === 0) {
    add('segments', 'none');
    return;
  }
  add('segments', `${formatRanges(segments.map((s) => s.segment))}: ${layoutText(segments)}`);
  const unsealed = segments.filter((s) => !s.sealed);
  const unknown = unsealed.length === 0 ? '' : ', and those of the unsealed part';
  add('records', `${formatCount(table.records)}${unknown}`);
  add('size', `${formatBytes(table.keyBytes)} of keys, ${formatBytes(table.valueBytes)} of values`);
  const times = segments
    .flatMap((s) => (s.sealedAt === null ? [] : [BigInt(s.sealedAt)]))
    .sort((a, b) => Number(a - b));
  const [first, last] = [times[0], times.at(-1)];
  if (first !== undefined && last !== undefined) {
    const [from, to] = [formatTime(first), formatTime(last)];
    add('sealed', from === to ? from : `${from} to ${to}`);
  }
  if (unsealed.length > 0) {
    const bytes = unsealed.reduce((sum, s) => sum + s.keyBytes, 0);
    add('unsealed', `${formatSegments(unsealed.map((s) => s.segment))}, ${formatBytes(bytes)} of keys`);
  }
}

function layoutText(segments: readonly SegmentReport[]): string {
  const distinct = (pick: (s: SegmentReport) => number): number[] =>
    [...new Set(segments.map(pick))].sort((a, b) => a - b);
  const shards = distinct((s) => s.shards);
  const versions = distinct((s) => s.version);
  const compression = distinct((s) => s.compression).map((c) =>
    c === 0 ? 'not compressed' : 'S2-compressed',
  );
  const shardText = `${formatRanges(shards)} shard${shards.length === 1 && shards[0] === 1 ? '' : 's'}`;
  return `${shardText}, version ${versions.join(' and ')}, ${compression.join(' and ')}`;
}

function keymapText(table: TableReport, report: InspectReport): string {
  if (table.keymaps.length === 0) return 'none: the engine builds it at its next start';
  return table.keymaps
    .map(({ root, type, complete }) => {
      const where = report.roots.length === 1 ? '' : ` in ${printable(report.roots[root]!.path)}`;
      const state = complete ? '' : ', incomplete: the engine rebuilds it';
      return `${type === null ? 'without a type' : printable(type)}${where}${state}`;
    })
    .join('; ');
}

function addTrouble(table: TableReport, report: InspectReport, add: Add): void {
  for (const orphan of table.orphans) {
    const lacks = orphan.missing.length === 0 ? '' : `, lacks ${orphan.missing.join(', ')}`;
    const files = plural(orphan.files.length, 'file');
    add(
      'incomplete',
      `segment ${orphan.segment} (${orphan.end}): ${files}, ${formatBytes(orphan.bytes)}${lacks}`,
    );
  }
  if (table.watermark !== null) {
    const hidden = table.segments.filter((s) => s.segment < table.watermark!).map((s) => s.segment);
    if (hidden.length > 0)
      add('collected', `${formatSegments(hidden)}: below the watermark, no longer served`);
  }
  for (const path of table.leftovers) add('leftover', printable(path));
  if (table.absentIn.length > 0) {
    add(
      'absent',
      `no directory in ${table.absentIn.map((i) => printable(report.roots[i]!.path)).join(', ')}`,
    );
  }
}
