/** Many nodes in a few lines: nodes with the same result share a line, and failures come last. */
import { changesNodes } from '../fleet/batch-gate.ts';
import type { SummaryNode } from '../fleet/batch-summary.ts';
import type { BatchCommand } from '../fleet/tasks.ts';
import { isFailed, type PlannedVerdict, type TableEnd, VERDICTS } from '../fleet/verdicts.ts';
import { targetText } from '../format/grouped.ts';
import { foldNames } from './fold-names.ts';
import { type Paint, paint } from './paint.ts';
import { type Column, plainTable } from './plain-table.ts';
import { formatBytes, formatCount, plural, printable, type TextStyle, usableWidth, wrap } from './text.ts';

/** What a text about a batch is about. */
export interface FleetTextOptions extends TextStyle {
  readonly command: BatchCommand;
  readonly target: string | null;
  /** `question`: nothing is changed yet. `end`: this is what became of the nodes. */
  readonly moment: 'question' | 'end';
  /** Why no node was changed; null where the batch was not stopped at its gate. */
  readonly stopped: string | null;
  /** What the fleet file made known, and what the run is called. */
  readonly remarks?: readonly string[];
  /** Failures told one by one; the rest are counted. */
  readonly limit: number;
}

/** A node, as the text needs it. */
export type ToldNode = Pick<SummaryNode, 'node' | 'verdict' | 'tables' | 'notices' | 'error' | 'changed'>;

/** The most columns that names may take. */
const NAMES_WIDTH = 34;

/** The table, the failures and the total, ending in a newline. */
export function fleetToText(nodes: readonly ToldNode[], options: FleetTextOptions): string {
  const colours = paint(options.color ?? false);
  const failed = nodes.filter((n) => isFailed(n.verdict));
  const lines = [
    colours.heading(headline(nodes, options)),
    '',
    ...(nodes.length > failed.length
      ? [
          tableOf(
            nodes.filter((n) => !isFailed(n.verdict)),
            options,
            colours,
          ),
          '',
        ]
      : []),
    ...noticeLines(nodes, options),
    ...failureLines(failed, options, colours),
    ...totalLines(nodes, options),
  ];
  return `${lines.join('\n')}\n`;
}

function headline(
  nodes: readonly ToldNode[],
  { command, target, moment, stopped }: FleetTextOptions,
): string {
  const name = `Batch ${command}`;
  const about = [plural(nodes.length, 'node')];
  if (command === 'plan') about.push('dry run, nothing was changed');
  else if (stopped !== null) about.push('nothing was changed');
  else if (moment === 'question') about.push('nothing has been changed yet');
  return [target === null ? name : `${name}: ${targetText(target)}`, ...about].join(' · ');
}

const COLUMNS: readonly Column[] = [
  { head: 'nodes', align: 'left' },
  { head: 'verdict', align: 'left' },
  { head: 'table', align: 'left' },
  { head: 'ends at', align: 'right' },
  { head: 'first removed', align: 'right' },
  { head: 'records', align: 'right' },
  { head: 'bytes', align: 'right' },
];

/** Nodes with the same result together, in the order of their first members; failures by what they are. */
export function groupNodes<Node extends ToldNode>(nodes: readonly Node[]): Node[][] {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const result = isFailed(node.verdict)
      ? [node.error?.code, node.error?.what]
      : node.tables.map((t) => [t.table, t.lastKept, t.firstRemoved]);
    const key = JSON.stringify([node.verdict, result]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}

function tableOf(nodes: readonly ToldNode[], { target }: FleetTextOptions, colours: Paint): string {
  // Only where the target is a height are the ends heights: a key may consist of digits, too.
  const endText = target?.startsWith('height ') ? formatCount : (text: string): string => text;
  return plainTable(
    COLUMNS,
    groupNodes(nodes).flatMap((group) => rowsOf(group, endText, colours)),
  );
}

/** A group in rows: names on the left, a table in each row, whatever takes more rows. */
function rowsOf(group: readonly ToldNode[], endText: (text: string) => string, colours: Paint): string[][] {
  const [first] = group as [ToldNode];
  const folded = foldNames(group.map((n) => n.node));
  // Only a name that is too long is broken within its brackets.
  const names = wrap(
    folded.map((n) => (n.length > NAMES_WIDTH ? n.replaceAll(',', ', ') : n)).join(', '),
    NAMES_WIDTH,
  );
  const ends = first.tables.map((end, i) => endCells(end, group, i, endText));
  const height = Math.max(names.length, ends.length);
  return Array.from({ length: height }, (_, i) => [
    names[i] ?? '',
    i === 0 ? verdictWord(first.verdict, colours) : '',
    ...(ends[i] ?? ['', '', '', '', '']),
  ]);
}

function endCells(
  end: TableEnd,
  group: readonly ToldNode[],
  i: number,
  endText: (text: string) => string,
): string[] {
  const shown = (text: string | null): string => (text === null ? '–' : printable(endText(text)));
  const sum = (pick: (t: TableEnd) => number): number =>
    group.reduce((total, n) => total + pick(n.tables[i] as TableEnd), 0);
  return [
    printable(end.table),
    shown(end.lastKept),
    shown(end.firstRemoved),
    formatCount(sum((t) => t.recordsRemoved)),
    formatBytes(sum((t) => t.bytesRemoved)),
  ];
}

function verdictWord(verdict: PlannedVerdict, colours: Paint): string {
  if (verdict === 'change') return colours.cut(verdict);
  return verdict === 'done' ? colours.good(verdict) : verdict;
}

function failureLines(
  failed: readonly ToldNode[],
  { limit, ...style }: FleetTextOptions,
  colours: Paint,
): string[] {
  if (failed.length === 0) return [];
  const width = usableWidth(style);
  const groups = groupNodes(failed);
  const told = groups.slice(0, limit);
  const lines = told.flatMap((group) => failureOf(group, width, colours));
  const rest = groups.slice(limit).flat().length;
  if (rest > 0) lines.push(`  and ${plural(rest, 'node')} more: --verbose shows them`);
  return [...lines, ''];
}

/** What is said of nodes besides: the same words once, with the nodes that they concern. */
function noticeLines(nodes: readonly ToldNode[], { limit, ...style }: FleetTextOptions): string[] {
  const concerned = new Map<string, string[]>();
  for (const { node, notices } of nodes)
    for (const notice of notices) concerned.set(notice, [...(concerned.get(notice) ?? []), node]);
  if (concerned.size === 0) return [];
  const width = usableWidth(style);
  const lines = [...concerned].slice(0, limit).flatMap(([notice, names]) => {
    const text = `Note on ${foldNames(names).join(', ')}: ${printable(notice)}`;
    return wrap(text, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`);
  });
  const rest = concerned.size - limit;
  if (rest > 0) lines.push(`  and ${plural(rest, 'note')} more: --verbose shows them`);
  return [...lines, ''];
}

function failureOf(group: readonly ToldNode[], width: number, colours: Paint): string[] {
  const [{ verdict, error }] = group as [ToldNode];
  const names = foldNames(group.map((n) => n.node)).join(', ');
  const lines = [`  ${names}  ${colours.removed(verdict)}`];
  if (error === null) return lines;
  const say = (text: string): void => {
    lines.push(...wrap(printable(text), width - 4).map((line) => `    ${line}`));
  };
  const { path } = error.place;
  const where = path === undefined || group.length > 1 || error.what.includes(path) ? '' : ` (${path})`;
  say(`${error.what}${where} [${error.code}]`);
  if (error.next !== null) say(`Next: ${error.next}`);
  return lines;
}

function totalLines(nodes: readonly ToldNode[], options: FleetTextOptions): string[] {
  const { command, moment, stopped, remarks = [] } = options;
  const counts = VERDICTS.flatMap((verdict) => {
    const count = nodes.filter((n) => n.verdict === verdict).length;
    return count === 0 ? [] : [`${formatCount(count)} ${verdict}`];
  });
  const lines = [`  ${plural(nodes.length, 'node')}: ${counts.join(', ')}.`];
  if (moment === 'end' && changesNodes(command) && stopped === null)
    lines.push(`  This call has changed ${plural(nodes.filter((n) => n.changed).length, 'node')}.`);
  const differences = differentEnds(nodes);
  if (differences.length > 0)
    lines.push(
      `  They do not all end at one place: ${differences.join('; ')}. A chain restarts only from one.`,
    );
  if (stopped !== null) lines.push(`  Stopped before any change: ${stopped}.`);
  return [...lines, ...remarks.map((text) => `  ${printable(text)}`)];
}

/** Tables that end at several places: "blocks at 2 heights". */
function differentEnds(nodes: readonly ToldNode[]): string[] {
  const ends = new Map<string, Set<string | null>>();
  for (const { verdict, tables } of nodes) {
    if (isFailed(verdict)) continue;
    for (const { table, lastKept } of tables) ends.set(table, (ends.get(table) ?? new Set()).add(lastKept));
  }
  return [...ends].flatMap(([table, places]) =>
    places.size > 1 ? [`table ${printable(table)} at ${places.size} places`] : [],
  );
}
