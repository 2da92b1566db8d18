/** The results of resume, undo and purge, as text. */
import type { PurgeOutcome, PurgePlan } from '../recover/purge.ts';
import type { ResumeOutcome } from '../recover/resume.ts';
import type { UndoOutcome } from '../recover/undo.ts';
import { factLines, type RunFacts } from './outcome-text.ts';
import { paint } from './paint.ts';
import {
  formatBytes,
  labelled,
  plural,
  printable,
  type TextStyle,
  targetText,
  usableWidth,
  wrap,
} from './text.ts';

/** What resume did, ending in a newline. */
export function resumeToText(outcome: ResumeOutcome, facts: RunFacts, style: TextStyle = {}): string {
  const target = outcome.target === null ? '' : ` (${printable(targetText(outcome.target))})`;
  const said: Record<ResumeOutcome['action'], string> = {
    nothing: 'Nothing is unfinished here.',
    swept: 'The rollback had not begun to change anything; its traces are gone. The database is as it was.',
    cleaned: 'No rollback is under way; what an interrupted run had left is gone.',
    finished: `Finished the rollback${target}. The database may be opened again.`,
    'taken-back': `Finished reverting the rollback${target}. The database may be opened again.`,
  };
  const told = outcome.transaction === null ? [] : factLines(outcome.transaction, facts, style);
  return lines(said[outcome.action], told, outcome.notices, style);
}

/** What undo did, ending in a newline. */
export function undoToText(outcome: UndoOutcome, facts: RunFacts, style: TextStyle = {}): string {
  const what = outcome.wasFinished ? 'the rollback' : 'the unfinished rollback';
  const text = `Reverted ${what} (${printable(targetText(outcome.target))}). The database is as it was before.`;
  return lines(text, factLines(outcome.transaction, facts, style), outcome.notices, style);
}

/** What purge is about to free, ending in a newline. */
export function purgePlanToText(
  { rollbacks, bytes }: PurgePlan,
  mode: 'dry-run' | 'purge',
  style: TextStyle = {},
): string {
  if (rollbacks.length === 0) return 'Nothing is kept for undo here.\n';
  const { heading, warn } = paint(style.color ?? false);
  const state = mode === 'dry-run' ? 'dry run, nothing was freed' : 'nothing has been freed yet';
  const lines = [
    `${heading('Purge')} · ${plural(rollbacks.length, 'rollback')}, ${formatBytes(bytes)} · ${state}`,
  ];
  for (const rollback of rollbacks.toReversed()) {
    const { target, begunAt } = rollback;
    const row = (label: string, text: string): string[] =>
      labelled(label, text, { column: 17, width: usableWidth(style) });
    lines.push(
      '',
      ...row('rollback to', target === null ? 'not known any more' : printable(targetText(target))),
    );
    lines.push(...row('transaction', begunAt === null ? rollback.id : `${rollback.id}, begun ${begunAt}`));
    lines.push(...row('frees', formatBytes(rollback.bytes)));
  }
  const which = rollbacks.length === 1 ? 'It' : 'None of them';
  const text = `${which} can${rollbacks.length === 1 ? 'not' : ''} be undone after that: only a backup can bring the data back.`;
  return `${[...lines, '', warn(text)].join('\n')}\n`;
}

/** What purge freed, ending in a newline. */
export function purgeToText(outcome: PurgeOutcome, facts: RunFacts, style: TextStyle = {}): string {
  const count = outcome.purged.length;
  const text =
    count === 0
      ? 'Nothing is kept for undo here.'
      : `Freed ${formatBytes(outcome.bytesFreed)} of ${plural(count, 'rollback')}: undo is no longer possible.`;
  const ids = outcome.purged.join(', ');
  return lines(text, count === 0 ? [] : factLines(ids, facts, style), outcome.notices, style);
}

function lines(text: string, told: readonly string[], notices: readonly string[], style: TextStyle): string {
  const colours = paint(style.color ?? false);
  const notes = notices.flatMap((n) => labelled('note', printable(n), layoutOf(style)));
  const sentence = wrap(text, usableWidth(style)).map(colours.good);
  return `${[...sentence, ...told, ...notes.map(colours.warn)].join('\n')}\n`;
}

/** The two columns of everything that is said here. */
function layoutOf(style: TextStyle) {
  return { column: 17, width: usableWidth(style), wholeCommand: style.wholeCommand };
}
