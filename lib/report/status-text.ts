/** What status has to say, as text. */
import type { Block } from '../recover/blocks.ts';
import type { StatusReport, TransactionStatus } from '../recover/status.ts';
import { commandOn } from './commands.ts';
import { type Paint, paint } from './paint.ts';
import { formatBytes, labelled, plural, printable, type TextStyle, targetText, usableWidth } from './text.ts';

/** What there is to tell of rollbacks. */
export type ToldStatus = Pick<
  StatusReport,
  'roots' | 'transactions' | 'traces' | 'lostJournals' | 'clockContradictions' | 'unreadable'
>;

interface Layout {
  readonly colours: Paint;
  readonly width: number;
  readonly roots: readonly string[];
}

/** The status report, ending in a newline. */
export function statusToText(report: StatusReport, style: TextStyle = {}): string {
  const out = statusLines(report, style);
  if (out.length === 0) out.push('No unfinished or undoable rollback.');
  if (report.history !== undefined) out.push('', ...historyLines(report.history));
  if (report.blocks.length > 0) out.push('', ...blockLines(report.blocks, layoutOf(report, style)));
  return `${out.join('\n')}\n`;
}

/** What there is to tell of rollbacks, line by line; nothing of a database that none has touched. */
export function statusLines(report: ToldStatus, style: TextStyle): string[] {
  const layout = layoutOf(report, style);
  const warn = (text: string): string[] =>
    labelled('', text, { indent: 0, column: 0, width: layout.width }).map(layout.colours.warn);
  const out: string[] = [];
  for (const transaction of report.transactions) out.push(...transactionLines(transaction, layout), '');
  for (const path of report.lostJournals) {
    out.push(
      ...warn(
        `The journal of a rollback is lost: ${printable(path)}. Files may have been changed, and nothing else tells which. Put the \`.litt-rollback\` directory back as it was, or restore the database from a backup into empty directories.`,
      ),
    );
  }
  const resume = commandOn('resume', report);
  for (const trace of report.traces) {
    out.push(...warn(`A trace of an interrupted run: ${printable(trace)}. This clears it away:`), resume);
  }
  for (const { newer, older } of report.clockContradictions) {
    out.push(
      ...warn(
        `By their numbers rollback ${newer} is newer than ${older}, by the clock it is older: the clock was set back. The numbers decide.`,
      ),
    );
  }
  for (const { path, problem } of report.unreadable)
    out.push(...warn(`Not all can be told: ${printable(problem)} (${printable(path)})`));
  if (out.at(-1) === '') out.pop();
  return out;
}

/** What was done before, a line each. */
function historyLines(history: NonNullable<StatusReport['history']>): string[] {
  if (history.length === 0) return ['No history: nothing was done here, or its record is gone.'];
  const lines = history.map(({ at, action, outcome, target, transaction, user, host }) => {
    const by = typeof user === 'string' && typeof host === 'string' ? `  ${user}@${host}` : '';
    const what = typeof target === 'string' ? `  ${targetText(target)}` : '';
    return `  ${printable(`${at}  ${action}: ${outcome}${what}  ${transaction}${by}`)}`;
  });
  return ['History', ...lines];
}

function layoutOf({ roots }: Pick<StatusReport, 'roots'>, style: TextStyle): Layout {
  return { colours: paint(style.color ?? false), width: usableWidth(style), roots };
}

function transactionLines(t: TransactionStatus, { colours, width, roots }: Layout): string[] {
  const row = (label: string, text: string): string[] => labelled(label, text, { column: 17, width });
  const command = (label: string, text: string): string => `  ${label.padEnd(17)}${text}`;
  const source = { roots, snapshotDir: t.snapshotDir };
  const rows = [titleOf(t, colours)];
  if (t.target !== null) rows.push(...row('rollback to', printable(targetText(t.target))));
  rows.push(...row('transaction', t.begunAt === null ? t.id : `${t.id}, begun ${t.begunAt}`));
  if (t.state === 'unfinished') rows.push(...row('how far', howFar(t)));
  rows.push(...row('held for undo', formatBytes(t.bytesHeld)));
  if (t.missingRoots.length > 0) {
    rows.push(...row('roots', rootsText(t)));
    const all = [...roots, ...t.missingRoots];
    return [...rows, command('with all roots', commandOn('status', { ...source, roots: all }))];
  }
  if (t.undo.possible === 'incomplete-source' && t.snapshotDir !== null)
    rows.push(...row('snapshots', `when it began the snapshot directory was ${printable(t.snapshotDir)}`));
  else if (t.undo.reason !== null) rows.push(...row('no undo', reasonOf(t)));
  if (t.state === 'unfinished') rows.push(command('finish it', commandOn('resume', source)));
  if (t.undo.possible === 'now' || t.undo.possible === 'incomplete-source')
    rows.push(command('undo it', commandOn('undo', source)));
  if (t.state === 'applied' || t.state === 'partial') {
    const only = t.undo.possible === 'after-newer' ? ['--id', t.id] : [];
    rows.push(command('free the space', commandOn('purge', source, only)));
  }
  return rows;
}

function titleOf(t: TransactionStatus, colours: Paint): string {
  switch (t.state) {
    case 'unfinished':
      return colours.removed('Unfinished: the database is half rolled back and locked');
    case 'needs-roots':
      return colours.warn('Rolled back; the other roots are needed to tell whether it can be undone');
    case 'partial':
      return colours.warn('Rolled back; what undo needs has been freed in part, or cannot be read');
    case 'applied':
      switch (t.undo.possible) {
        case 'now':
          return colours.good('Rolled back; can be undone');
        case 'after-newer':
          return colours.good('Rolled back; a newer one must be undone first');
        case 'incomplete-source':
          return colours.warn('Rolled back; undo needs the snapshot directory too');
        case 'refused':
          return colours.warn('Rolled back; cannot be undone now');
      }
  }
}

function rootsText({ missingRoots, rootsGiven, roots }: TransactionStatus): string {
  const then = missingRoots.map(printable).join(', ');
  const given = `${rootsGiven} of ${roots ?? rootsGiven + missingRoots.length} were given`;
  return `${given}; when it began the ${missingRoots.length === 1 ? 'other one was' : 'others were'} ${then}`;
}

function reasonOf({ undo: { reason, path } }: TransactionStatus): string {
  return `${printable(reason ?? '')}${path === null ? '' : ` (${printable(path)})`}`;
}

function howFar(t: TransactionStatus): string {
  if (!t.committed) return 'not begun: nothing has been changed';
  const way = t.direction === 'backward' ? 'being taken back, ' : '';
  return `${way}${t.stepsKept} of ${plural(t.steps, 'step')} carried out`;
}

const KINDS: Record<Block['kind'], string> = {
  'rollback-lock': 'rollback lock',
  bolt: 'bolt',
  held: 'lock',
  stale: 'stale lock',
  unreadable: 'unclear lock',
};

function blockLines(blocks: readonly Block[], { colours }: Layout): string[] {
  const lines = blocks.map(({ kind, path, pid }) => {
    const by = pid === null ? '' : `  process ${pid}`;
    return `  ${KINDS[kind].padEnd(17)}${printable(path)}${by}`;
  });
  const isOurs = blocks.some((b) => b.kind === 'rollback-lock' || b.kind === 'bolt');
  const advice = 'Do not remove them: they keep the engine from opening the database.';
  return ['Locks', ...lines, ...(isOurs ? [colours.warn(advice)] : [])];
}
