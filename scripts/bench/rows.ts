/** One measured value against its bound, and how rows are printed. */

/** A row of the result. */
export interface Row {
  readonly name: string;
  readonly measured: number;
  /** Null: told, not judged. */
  readonly bound: number | null;
  readonly sense: 'at most' | 'at least';
  readonly unit: 's' | 'M records/s' | 'MB' | 'bytes' | 'x';
  readonly detail: string;
}

/** True, false, or null for a row that is not judged. */
export function passed(row: Row): boolean | null {
  if (row.bound === null) return null;
  return row.sense === 'at most' ? row.measured <= row.bound : row.measured >= row.bound;
}

/** Aligned text, one row a line. */
export function rowsToText(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const verdict = passed(row);
    return [
      row.name,
      format(row.measured, row),
      row.bound === null ? '' : `${row.sense} ${format(row.bound, row)}`,
      verdict === null ? 'info' : verdict ? 'pass' : 'FAIL',
      row.detail,
    ];
  });
  const widths = [0, 1, 2, 3].map((i) => Math.max(...cells.map((c) => c[i]!.length)));
  return cells
    .map((c) => c.map((text, i) => (i < 4 ? text.padEnd(widths[i]!) : text)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function format(value: number, row: Row): string {
  const digits = row.unit === 's' ? 3 : row.unit === 'bytes' ? 0 : row.unit === 'x' ? 2 : 1;
  return `${value.toFixed(digits)} ${row.unit}`;
}
