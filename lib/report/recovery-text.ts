/** The results of resume, undo and purge, as text. */
import type { PurgeOutcome } from '../recover/purge.ts';
import type { ResumeOutcome } from '../recover/resume.ts';
import type { UndoOutcome } from '../recover/undo.ts';
import { factLines, type RunFacts } from './outcome-text.ts';
import { paint } from './paint.ts';
import { formatBytes, labelled, plural, printable, type TextStyle, usableWidth, wrap } from './text.ts';

/** What resume did, ending in a newline. */
export function resumeToText(outcome: ResumeOutcome, facts: RunFacts, style: TextStyle = {}): string {
  const target = outcome.target === null ? '' : ` (${printable(outcome.target)})`;
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
  const text = `Reverted ${what} (${printable(outcome.target)}). The database is as it was before.`;
  return lines(text, factLines(outcome.transaction, facts, style), outcome.notices, style);
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
