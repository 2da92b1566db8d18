/** The result of a verification, as text. */
import type { VerifyFinding, VerifyReport } from '../read/verify.ts';
import { type Paint, paint } from './paint.ts';
import { formatBytes, formatCount, plural, printable, type TextStyle, usableWidth, wrap } from './text.ts';

/** How a verification is to be shown. */
export interface VerifyTextOptions extends TextStyle {
  /** Findings printed for each table; the rest are counted. Default 20. */
  readonly limit?: number;
  /** Only tables with findings. */
  readonly quiet?: boolean;
}

/** The report, ending in a newline; empty when `quiet` and nothing was found. */
export function verifyToText(report: VerifyReport, options: VerifyTextOptions = {}): string {
  const colours = paint(options.color ?? false);
  const width = usableWidth(options);
  const limit = options.limit ?? 20;
  const lines: string[] = [];
  for (const table of report.tables) {
    const count = table.findings.length;
    if (options.quiet && count === 0) continue;
    const verdict = count === 0 ? colours.good(SOUND) : colours.removed(plural(count, 'problem'));
    const extent = `${plural(table.segments, 'segment')}, ${plural(table.records, 'record')}`;
    const bytes = `${formatBytes(table.keyBytes)} of keys, ${formatBytes(table.valueBytes)} of values`;
    const text = `${table.table}  ${extent}, ${bytes}: ${count === 0 ? SOUND : plural(count, 'problem')}`;
    const gap = text.length > width ? '\n  ' : ' ';
    lines.push(`${colours.heading(table.table)}  ${extent}, ${bytes}:${gap}${verdict}`);
    for (const finding of table.findings.slice(0, limit)) lines.push(...findingLines(finding, width));
    if (count > limit) lines.push(`  and ${formatCount(count - limit)} more`);
  }
  lines.push(...logIndexLines(report, options, colours, width));
  if (!options.quiet && report.ok)
    lines.push(colours.good('Verified: every segment is as the format wants it.'));
  if (!options.quiet)
    lines.push(...(report.notices ?? []).flatMap((notice) => wrap(`Not checked: ${notice}.`, width)));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function logIndexLines(
  { logIndex }: VerifyReport,
  { quiet }: VerifyTextOptions,
  colours: Paint,
  width: number,
): string[] {
  if (logIndex === undefined || (quiet && logIndex.findings.length === 0)) return [];
  const { newest, oldest, findings, notices } = logIndex;
  const heights = newest === null ? '' : `  newest ${newest}, oldest ${oldest}`;
  const isSound = newest !== null && findings.length === 0;
  const verdict =
    findings.length > 0
      ? colours.removed(plural(findings.length, 'problem'))
      : isSound
        ? colours.good(SOUND)
        : 'not checked';
  const lines = [`${colours.heading('log-index')}${heights}: ${verdict}`];
  for (const { path, problem } of findings)
    lines.push(`  ${printable(path)}`, ...wrap(printable(problem), width - 4).map((line) => `    ${line}`));
  for (const notice of notices)
    lines.push(...wrap(printable(notice), width - 2).map((line) => colours.warn(`  ${line}`)));
  return lines;
}

const SOUND = 'no problem found';

function findingLines(finding: VerifyFinding, width: number): string[] {
  const at = finding.offset === null ? '' : ` at byte ${formatCount(finding.offset)}`;
  return [
    `  segment ${finding.segment}  ${printable(finding.path)}${at}`,
    ...wrap(printable(finding.problem), width - 4).map((line) => `    ${line}`),
  ];
}
