/** The results of resume, undo, purge and status, as text. */
import type { PurgeOutcome } from '../recover/purge.ts';
import type { ResumeOutcome } from '../recover/resume.ts';
import type { StatusReport, TransactionStatus } from '../recover/status.ts';
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

/** The status report, ending in a newline. */
export function statusToText(report: StatusReport, style: TextStyle = {}): string {
  const out = statusLines(report, style);
  if (out.length === 0) out.push('No unfinished or undoable rollback.');
  return `${out.join('\n')}\n`;
}

/** The rollbacks of a database, line by line; empty when there are none. */
export function statusLines(
  report: Pick<StatusReport, 'transactions' | 'traces' | 'unreadable'>,
  style: TextStyle,
): string[] {
  const colours = paint(style.color ?? false);
  const out: string[] = [];
  for (const transaction of report.transactions)
    out.push(...transactionLines(transaction, colours, style), '');
  for (const trace of report.traces) {
    const text = `A trace of an interrupted run: ${printable(trace)}. \`litt-rollback resume\` clears it away, or says why not.`;
    out.push(...labelled('', text, { ...layoutOf(style), indent: 0, column: 0 }).map(colours.warn));
  }
  for (const { path, problem } of report.unreadable)
    out.push(colours.warn(`Not all can be told: ${printable(problem)} (${printable(path)})`));
  if (out.at(-1) === '') out.pop();
  return out;
}

function transactionLines(
  t: TransactionStatus,
  colours: ReturnType<typeof paint>,
  style: TextStyle,
): string[] {
  const titles = {
    unfinished: colours.removed('Unfinished: the database is shut'),
    applied: colours.good('Rolled back; can be undone'),
    partial: colours.warn('Partly purged, or roots were not given: undo is not possible'),
  };
  const row = (label: string, text: string): string[] => labelled(label, text, layoutOf(style));
  const rows = [titles[t.state]];
  if (t.target !== null) rows.push(...row('rollback to', printable(t.target)));
  rows.push(...row('transaction', t.begunAt === null ? t.id : `${t.id}, begun ${t.begunAt}`));
  if (t.state === 'unfinished') rows.push(...row('how far', howFar(t)));
  rows.push(...row('held for undo', formatBytes(t.bytesHeld)));
  if (t.roots !== null && t.rootsGiven < t.roots) {
    rows.push(...row('roots', `${t.rootsGiven} of ${t.roots} were given: pass every root with --src`));
  }
  rows.push(...row('next', nextStep(t)));
  return rows;
}

function howFar(t: TransactionStatus): string {
  if (!t.committed) return 'not begun: nothing has been changed';
  const way = t.direction === 'backward' ? 'being taken back, ' : '';
  return `${way}${t.stepsKept} of ${plural(t.steps, 'step')} carried out`;
}

function nextStep(t: TransactionStatus): string {
  if (t.state === 'unfinished') return '`litt-rollback resume` finishes it, `litt-rollback undo` reverts it';
  if (t.state === 'applied') return '`litt-rollback undo` reverts it, `litt-rollback purge` frees the space';
  return '`litt-rollback purge` frees the rest';
}
