/** What a person looks at first: which heights there are, and records. */
import type { Sample } from '../make-sample.ts';
import { type Case, medians } from './measure.ts';
import { type Measurement, memoryRow, rateRows } from './measurements.ts';

/** Records that `keys` prints. */
const LISTED = 1_000_000;

/** Rates and memory; `node` is the time of an empty run. */
export async function lookingRows(
  sample: Sample,
  runs: number,
  node: number,
  run: (...args: string[]) => string[],
): Promise<Measurement[]> {
  const src = ['--src', sample.roots[0]!, '--schema', 'sample=receipts'];
  const records = 2 * sample.groups;
  const listed = Math.min(records, LISTED);
  const cases: [Case, number][] = [
    [{ name: 'inspect --heights', argv: run('inspect', ...src, '--heights') }, records],
    [{ name: 'keys --json', argv: run('keys', ...src, '--json', '--limit', String(listed)) }, listed],
  ];
  const tests = cases.map(([test]) => test);
  const times = await medians(tests, runs);
  const rows = cases.flatMap(([{ name }, count]) => rateRows(name, count, times.get(name)!, node, null));
  for (const test of tests) rows.push(await memoryRow(test.name, test));
  return rows;
}
