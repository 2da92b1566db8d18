/** What the sweeps have counted, as lines of JSON: `prove.ts` makes one table of those of all of them. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** A line of the table. */
export interface Row {
  readonly proof: string;
  readonly what: string;
  readonly count: number;
}

/** A count with what was counted. */
export type Tried = readonly [what: string, count: number];

/** How much was tried, by what it is. Plain data: it travels between processes. */
export type Counts = Record<string, number>;

/** Adds to a count. */
export function addCount(counts: Counts, what: string, n = 1): void {
  counts[what] = (counts[what] ?? 0) + n;
}

/** Adds counts to others. */
export function addCounts(to: Counts, from: Readonly<Counts>): void {
  for (const [what, n] of Object.entries(from)) addCount(to, what, n);
}

/** Appends the counts of a proof to a file; null when the caller names none. */
export function appendRows(path: string | null, proof: string, counts: readonly Tried[]): void {
  if (path === null) return;
  const rows = counts.map(([what, count]): Row => ({ proof, what, count }));
  appendFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Counts as aligned text, a line each. */
export function countsToText(counts: readonly Tried[]): string {
  const width = Math.max(...counts.map(([what]) => what.length));
  return counts
    .map(([what, n]) => `  ${what.padEnd(width)}  ${n.toLocaleString('en-US').padStart(10)}\n`)
    .join('');
}

/** The rows of a file; none when nothing was appended, as when every proof has failed at once. */
export function readRows(path: string): Row[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
}
