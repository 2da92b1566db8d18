/** One measured value against its bound, and how rows are printed. */
import { type Case, peakMemory } from './measure.ts';

/** A row of the result. */
export interface Measurement {
  readonly name: string;
  readonly measured: number;
  /** Null: told, not judged. */
  readonly bound: number | null;
  readonly sense: 'at most' | 'at least';
  readonly unit: 's' | 'M records/s' | 'MB' | 'bytes' | 'x';
  readonly detail: string;
}

const MEMORY_LIMIT_MB = 120;

/** True, false, or null for a row that is not judged. */
export function passed(row: Measurement): boolean | null {
  if (row.bound === null) return null;
  return row.sense === 'at most' ? row.measured <= row.bound : row.measured >= row.bound;
}

/** Aligned text, one row a line. */
export function rowsToText(rows: readonly Measurement[]): string {
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

function format(value: number, row: Measurement): string {
  const digits = row.unit === 's' ? 3 : row.unit === 'bytes' ? 0 : row.unit === 'x' ? 2 : 1;
  return `${value.toFixed(digits)} ${row.unit}`;
}

/** A time. */
export function timeRow(name: string, measured: number, bound: number | null, detail: string): Measurement {
  return { name, measured, bound, sense: 'at most', unit: 's', detail };
}

/** A rate. */
export function rateRow(name: string, records: number, seconds: number, bound: number | null): Measurement {
  return {
    name,
    measured: records / seconds / 1e6,
    bound,
    sense: 'at least',
    unit: 'M records/s',
    detail: '',
  };
}

/** The rate of the whole command, and that of its work alone. */
export function rateRows(
  name: string,
  records: number,
  seconds: number,
  node: number,
  bound: number | null,
): Measurement[] {
  return [
    { ...rateRow(name, records, seconds, bound), detail: `whole command: ${seconds.toFixed(3)} s` },
    { ...rateRow(`${name} (net)`, records, seconds - node, bound), detail: 'without the time of node -e 0' },
  ];
}

/** How fast a piece of work goes through the key file, as a share of the bandwidth of cat. */
export function bandwidthRow(name: string, measured: number, bound: number | null): Measurement {
  return { name, measured, bound, sense: 'at least', unit: 'x', detail: 'of the bandwidth of cat' };
}

/** The peak memory of a case. */
export async function memoryRow(name: string, test: Case): Promise<Measurement> {
  const measured = (await peakMemory(test)) / 1e6;
  return {
    name: `memory: ${name}`,
    measured,
    bound: MEMORY_LIMIT_MB,
    sense: 'at most',
    unit: 'MB',
    detail: '',
  };
}
