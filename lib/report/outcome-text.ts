/** The result of an apply, as text. */
import type { Outcome } from '../apply/outcome.ts';
import { logIndexText } from './log-index-text.ts';
import { paint } from './paint.ts';
import { lastOf } from './plan-heights-text.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  labelled,
  plural,
  printable,
  type TextStyle,
  usableWidth,
} from './text.ts';

/** What there is to tell of a run besides what it did. */
export interface RunFacts {
  readonly roots: readonly string[];
  readonly durationMs: number;
}

/** The outcome, ending in a newline. */
export function outcomeToText(outcome: Outcome, facts: RunFacts, style: TextStyle = {}): string {
  const colours = paint(style.color ?? false);
  const layout = { column: 17, width: usableWidth(style), wholeCommand: style.wholeCommand };
  const lines = [colours.good(`Done: ${summary(outcome)}.`)];
  for (const table of outcome.tables) lines.push(...labelled(table.table, tableText(table), layout));
  if (outcome.logIndex !== undefined)
    lines.push(...labelled('log-index', logIndexText(outcome.logIndex), layout));
  lines.push(...factLines(outcome.planId, facts, style));
  if (outcome.undoable) {
    const text = '`litt-rollback undo` reverts it; `litt-rollback purge` deletes the undo data';
    lines.push(...labelled('undo', text, layout));
  } else if (outcome.steps > 0) {
    const text = 'not possible: nothing was kept, only a backup can bring the data back';
    lines.push(...labelled('undo', text, layout).map(colours.warn));
  }
  for (const notice of outcome.notices) {
    lines.push(...labelled('note', printable(notice), layout).map(colours.warn));
  }
  return `${lines.join('\n')}\n`;
}

/** Where it was done, as which transaction, and how long it took. */
export function factLines(transaction: string | null, facts: RunFacts, style: TextStyle): string[] {
  const layout = { column: 17, width: usableWidth(style) };
  const label = facts.roots.length === 1 ? 'root' : 'roots';
  const lines = facts.roots.flatMap((root, i) => labelled(i === 0 ? label : '', printable(root), layout));
  const took = `took ${formatDuration(facts.durationMs)}`;
  const [name, text] = transaction === null ? ['time', took] : ['transaction', `${transaction}, ${took}`];
  return [...lines, ...labelled(name, text, layout)];
}

function summary(outcome: Outcome): string {
  if (outcome.steps === 0) return 'there was nothing to do';
  const parts = [`${plural(outcome.done, 'step')} carried out`];
  if (outcome.alreadyDone > 0) parts.push(`${plural(outcome.alreadyDone, 'step')} had been done before`);
  parts.push(`${formatBytes(outcome.bytesRemoved)} removed`);
  return parts.join(', ');
}

/** The heights on both sides of the cut. */
function heightsText({ heights, keptAbove }: Outcome['tables'][number]): string {
  if (heights === undefined || heights.lastKept === null || heights.firstRemoved === null) return '';
  return `: height ${formatCount(heights.lastKept)} is ${lastOf(keptAbove)}, ${formatCount(heights.firstRemoved)} the first removed`;
}

function tableText(table: Outcome['tables'][number]): string {
  const kept = plural(table.recordsKept, 'record');
  switch (table.outcome) {
    case 'cut':
      return `${kept} kept, ${plural(table.recordsRemoved, 'record')} removed${heightsText(table)}`;
    case 'delete':
      return `emptied: ${plural(table.recordsRemoved, 'record')} removed`;
    case 'repair':
      return table.recordsRemoved === 0
        ? `put in order: ${kept} kept`
        : `put in order: ${kept} kept, ${plural(table.recordsRemoved, 'record')} removed`;
    case 'keep':
      return 'nothing matched: records stay';
    case 'nothing':
      return 'nothing to do';
  }
}
