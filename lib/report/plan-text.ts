/** A plan as text: what stays and what goes, in words and numbers, and how to apply it. */

import { changesAnything } from '../plan/changes.ts';
import { keptAboveText } from '../plan/kept-above.ts';
import type { Amount, RecordRef, RollbackPlan, TablePlan } from '../types.ts';
import { segmentBar } from './bar.ts';
import { logIndexText } from './log-index-text.ts';
import { type Paint, paint } from './paint.ts';
import { heightsText, whyNothing } from './plan-heights-text.ts';
import { nothingToDo } from './plan-summary.ts';
import { recordText } from './record-text.ts';
import { alsoChanged, alsoRemoved, stepToText } from './steps-text.ts';
import {
  formatBytes,
  formatSegments,
  joinWords,
  labelled,
  plural,
  printable,
  shellCommand,
  type TextStyle,
  targetText,
  usableWidth,
  wrap,
} from './text.ts';

/** How to show a plan. */
export interface PlanTextOptions extends TextStyle {
  /** `dry-run` (default): nothing follows. `apply`: the plan is shown before it is carried out. */
  readonly mode?: 'dry-run' | 'apply';
  /** The command that applies this plan, as words; printed ready to paste. */
  readonly applyCommand?: readonly string[];
  /** Every step as well. */
  readonly verbose?: boolean;
  /** False where nothing is kept for undo; default true. */
  readonly keepUndo?: boolean;
}

interface Layout {
  readonly width: number;
  readonly paint: Paint;
  readonly plan: RollbackPlan;
  readonly verbose: boolean;
}

/** Before the question and above it: what an apply with `--no-undo` means. */
export const NO_UNDO =
  'it cannot be undone: with --no-undo nothing is kept, and only a backup can bring the data back';

/** The whole plan, ending in a newline. */
export function planToText(plan: RollbackPlan, options: PlanTextOptions = {}): string {
  const layout: Layout = {
    width: usableWidth(options),
    paint: paint(options.color ?? false),
    plan,
    verbose: options.verbose ?? false,
  };
  const sections = [headerLines(layout, options.mode ?? 'dry-run'), rootLines(layout)];
  for (const table of plan.tables) sections.push(tableLines(table, layout));
  sections.push(logIndexLines(layout), closingLines(layout, options));
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function headerLines({ plan, paint, width }: Layout, mode: 'dry-run' | 'apply'): string[] {
  const extent = `${plural(plan.roots.length, 'root')} · ${plural(plan.tables.length, 'table')}`;
  const state = mode === 'dry-run' ? 'dry run, nothing was changed' : 'nothing has been changed yet';
  const [title, rest] = [`Rollback: ${printable(targetText(plan.target))}`, `${extent} · ${state}`];
  const isShort = title.length + 3 + rest.length <= width;
  const lines = isShort
    ? [`${paint.heading(title)} · ${rest}`]
    : [...wrap(title, width).map(paint.heading), `  ${rest}`];
  if (plan.approximate)
    lines.push(paint.warn('Approximate: the database is in use. This plan cannot be applied.'));
  else if (plan.unlocked) lines.push(paint.warn('Planned without locks: this plan cannot be applied.'));
  return lines;
}

function rootLines({ plan }: Layout): string[] {
  const label = plan.roots.length === 1 ? 'Root' : 'Roots';
  const lines = plan.roots.map((root, i) => {
    const name = plan.databases.find((d) => d.roots.includes(i))?.name ?? null;
    return `${(i === 0 ? label : '').padEnd(17)}${printable(root)}${name === null ? '' : `  ${name}`}`;
  });
  if (plan.snapshotDir !== null) lines.push(`${'Snapshots'.padEnd(17)}${printable(plan.snapshotDir)}`);
  return lines;
}

function tableLines(table: TablePlan, layout: Layout): string[] {
  const { width, paint, verbose, plan } = layout;
  const lines = [paint.heading(table.table)];
  const add = (label: string, text: string, tint: (s: string) => string = String): void => {
    lines.push(...labelled(label, text, { width }).map(tint));
  };
  if (table.segments.length > 0) lines.push(barLine(table, layout));
  const verdict = verdictText(table);
  if (verdict !== null) add('outcome', verdict, table.outcome === 'delete' ? paint.removed : String);
  addAll('heights', heightsText(table), add);
  const above = keptAboveText(table);
  if (above !== null) add('kept above', above, paint.warn);
  addRecords(table, add);
  if (!isEmpty(table.kept) || !isEmpty(table.removed)) add('kept', keptText(table.kept));
  if (!isEmpty(table.removed)) add('removed', removedText(table));
  addAll('also removed', alsoRemoved(table), add);
  addAll('also changed', alsoChanged(table), add);
  if (table.snapshotCopies !== null) add('elsewhere', copiesText(table.snapshotCopies), paint.warn);
  for (const notice of table.notices) add('note', printable(notice), paint.warn);
  if (verbose)
    addAll(
      'steps',
      table.steps.map((step) => stepToText(step, plan)),
      addUnwrapped(lines),
    );
  return lines;
}

function logIndexLines({ plan, paint, verbose, width }: Layout): string[] {
  const { logIndex } = plan;
  if (logIndex === undefined) return [];
  const lines = [`${paint.heading('log-index')}: ${logIndexText(logIndex)}`];
  lines.push(...labelled('place', printable(logIndex.dir), { width }));
  if (verbose && logIndex.step !== null) addUnwrapped(lines)('steps', stepToText(logIndex.step, plan));
  return lines;
}

type Add = (label: string, text: string) => void;

function addAll(label: string, texts: readonly string[], add: Add): void {
  texts.forEach((text, i) => {
    add(i === 0 ? label : '', text);
  });
}

function addUnwrapped(lines: string[]): Add {
  return (label, text) => {
    lines.push(...labelled(label, text, { width: Number.MAX_SAFE_INTEGER }));
  };
}

function barLine(table: TablePlan, { width, paint }: Layout): string {
  const indices = table.segments.map((s) => s.segment).sort((a, b) => a - b);
  const label = elideRanges(formatSegments(indices)).padEnd(14);
  const { bar, legend } = segmentBar(table.segments, Math.min(Math.max(width - 70, 20), 40), paint);
  return `  ${label} ${bar}     ${legend}`;
}

const elideRanges = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text);

/** One line about a table where counts alone do not explain it. */
function verdictText(table: TablePlan): string | null {
  switch (table.outcome) {
    case 'nothing':
      return `nothing to do: ${whyNothing(table)}`;
    case 'keep':
      return table.steps.length === 0
        ? 'nothing matches: the table stays as it is'
        : 'nothing matches: its records stay, its files are put in order';
    case 'delete':
      return 'nothing matches: EVERY segment of this table is removed';
    case 'repair':
      return 'no record that the engine would serve is removed; files are put in order';
    case 'cut':
      return null;
  }
}

function addRecords(table: TablePlan, add: Add): void {
  const { pivot, lastKept, firstRemoved } = table;
  if (pivot !== null && (lastKept === null || !sameRecord(pivot, lastKept)))
    add('matched', recordText(pivot));
  if (lastKept !== null) {
    add(
      table.outcome === 'nothing' || firstRemoved === null ? 'newest record' : 'last kept',
      recordText(lastKept),
    );
  }
  if (firstRemoved !== null) add('first removed', recordText(firstRemoved));
}

const sameRecord = (a: RecordRef, b: RecordRef): boolean => a.segment === b.segment && a.record === b.record;

const isEmpty = (a: Amount): boolean =>
  a.segments === 0 && a.records === 0 && a.keyBytes + a.valueBytes === 0;

function keptText(kept: Amount): string {
  if (isEmpty(kept)) return 'nothing';
  const segments = plural(kept.segments, 'segment');
  return `${plural(kept.records, 'record')} in ${segments}, ${formatBytes(kept.keyBytes + kept.valueBytes)}`;
}

function removedText(table: TablePlan): string {
  const { removed } = table;
  const of = (fate: string): number[] =>
    table.segments
      .filter((s) => s.fate === fate)
      .map((s) => s.segment)
      .sort((a, b) => a - b);
  const cut = of('cut');
  const whole = of('removed');
  const parts: string[] = [];
  if (cut.length > 0) parts.push(`the end of ${formatSegments(cut)}`);
  if (whole.length > 0) parts.push(`${formatSegments(whole)} whole`);
  const where = parts.length === 0 ? '' : `: ${joinWords(parts)}`;
  return `${plural(removed.records, 'record')}, ${formatBytes(removed.keyBytes + removed.valueBytes)}${where}`;
}

function copiesText(copies: { readonly from: number; readonly through: number }): string {
  const range =
    copies.from === copies.through ? `segment ${copies.from}` : `segments ${copies.from}–${copies.through}`;
  return `delete ${range} from every copy that was pushed elsewhere too, or a restore brings removed records back`;
}

function closingLines({ plan, paint, width }: Layout, options: PlanTextOptions): string[] {
  const lines: string[] = [];
  if (plan.tablesOutside.length > 0) {
    lines.push(
      ...labelled('Not touched', `outside --table: ${plan.tablesOutside.join(', ')}`, {
        indent: 0,
        column: 17,
        width,
      }),
    );
  }
  for (const notice of plan.notices) {
    lines.push(...labelled('Note', printable(notice), { indent: 0, column: 17, width }).map(paint.warn));
  }
  if (options.keepUndo === false && changesAnything(plan))
    lines.push(...labelled('Undo', NO_UNDO, { indent: 0, column: 17, width }).map(paint.warn));
  if (!changesAnything(plan)) {
    lines.push(...wrap(nothingToDo(plan), width).map(paint.good));
  } else if (options.applyCommand !== undefined && !plan.unlocked) {
    lines.push(`${'Apply it'.padEnd(17)}${shellCommand(options.applyCommand)}`);
  }
  return lines;
}
