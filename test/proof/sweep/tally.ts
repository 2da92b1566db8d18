/** Counts of everything that was tried, and violations with what repeats them. */

import type { Tried } from '../../../scripts/rows.ts';

/** What is counted for one sweep. */
export const COLUMNS = [
  'calls',
  'killed',
  'resumed',
  'undone',
  'purged',
  'EIO',
  'ENOSPC',
  'tolerated',
  'stopped',
  'refused',
  'signalled',
  'raced',
  'filled',
  'ext4',
  'xfs',
] as const;
/** A column of the table. */
export type Column = (typeof COLUMNS)[number];

/** What each count means, where the other columns are not beside it. */
const WHAT: Record<Column, string> = {
  calls: 'mutating calls',
  killed: 'killed at a system call',
  resumed: 'resumed',
  undone: 'taken back',
  purged: 'purged again',
  EIO: 'calls failed with EIO',
  ENOSPC: 'calls failed with ENOSPC',
  tolerated: 'failures passed over, and said so',
  stopped: 'others run beside a stopped process',
  refused: 'refused, nothing changed',
  signalled: 'SIGINT or SIGTERM at a system call',
  raced: 'two applies at once',
  filled: 'runs on a full tmpfs',
  ext4: 'power cuts on ext4',
  xfs: 'power cuts on xfs',
};

/** How much of a violation tells its kind (lines). */
const KIND_LINES = 2;
/** What differs between violations of one kind: ids, numbers, the place of a copy. */
const VARIES = /(\/\S*\/)?run-\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|\d+/g;
const SHOWN_IDS = 8;

/** Counts by case and sweep. */
export class Tally {
  /** Ids of the points at which each kind of violation was seen. */
  readonly violations = new Map<string, string[]>();
  private readonly rows = new Map<string, Map<Column, number>>();

  /** Adds to a count. */
  add(row: string, column: Column, count = 1): void {
    const counts = this.rows.get(row) ?? new Map<Column, number>();
    this.rows.set(row, counts);
    counts.set(column, (counts.get(column) ?? 0) + count);
  }

  /** Notes a violation; false when one of this kind was seen before. */
  violate(id: string, details: readonly string[]): boolean {
    const kind = details.slice(0, KIND_LINES).join('\n').replace(VARIES, '#');
    const seen = this.violations.get(kind) ?? [];
    this.violations.set(kind, [...seen, id]);
    return seen.length === 0;
  }

  /** Every kind of violation with where it was seen, as text. */
  violationsToText(): string {
    const lines = [...this.violations.values()].map((ids) => {
      const more = ids.length > SHOWN_IDS ? ' …' : '';
      return `${ids.length} x ${ids.slice(0, SHOWN_IDS).join(' ')}${more}\n`;
    });
    return `${this.violations.size} kinds of violations\n${lines.join('')}`;
  }

  /** The sum of a column. */
  total(column: Column): number {
    return [...this.rows.values()].reduce((sum, counts) => sum + (counts.get(column) ?? 0), 0);
  }

  /** The sums, for a table over several proofs. */
  sums(): Tried[] {
    const counted = COLUMNS.filter((column) => column !== 'calls' && this.total(column) > 0);
    return counted.map((column) => [WHAT[column], this.total(column)]);
  }

  /** All counts as aligned text. */
  toText(): string {
    const used = COLUMNS.filter((column) => this.total(column) > 0);
    const lines = [...this.rows].map(([row, counts]) => [
      row,
      ...used.map((c) => String(counts.get(c) ?? '')),
    ]);
    lines.push(['total', ...used.map((c) => String(this.total(c)))]);
    const table = [['case: sweep', ...used], ...lines];
    const widths = table[0]!.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
    const text = table.map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    );
    return `${text.join('\n')}\n`;
  }
}
