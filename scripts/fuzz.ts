/**
 * `npx tsx scripts/fuzz.ts`: mutated input for everything that reads what others may have written: parsers, whole
 * databases, plan files, journals. Each input follows from the seed and its number. Prints a table of counts; exits
 * with 1 when something went wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addReport, emptyReport, type Report } from '../test/proof/fuzz/report.ts';
import type { Share } from '../test/proof/fuzz/worker.ts';
import { CommandLine } from './command.ts';
import { appendRows, countsToText } from './rows.ts';
import { runWorker, scratchParent } from './workers.ts';

const USAGE = `Usage: npx tsx scripts/fuzz.ts [options]

  --parsers N      inputs for parsers (default 8000000)
  --directories N  mutated databases (default 20000)
  --forged N       forged plans and journals (default 20000)
  --quick          a twentieth of that
  --seed N         another choice of inputs (default 1)
  --only ID        only the input that a finding names
  --rows FILE      append the counts as JSON lines
`;

/** More than any process here may take, whatever the input (bytes). */
const MAX_BYTES = 600 * 2 ** 20;
const SHOWN_FINDINGS = 10;
const ROOM_BYTES = 256 * 2 ** 20;
const WORKER = fileURLToPath(new URL('../test/proof/fuzz/worker.ts', import.meta.url));

interface Options {
  readonly sizes: Readonly<Record<Share['part'], number>>;
  readonly seed: number;
  readonly only: string | null;
  readonly rows: string | null;
}

function readOptions(): Options {
  const command = CommandLine.read(USAGE);
  const part = command.flag('quick') ? 20 : 1;
  const size = (name: 'parsers' | 'directories' | 'forged', whole: number): number =>
    command.number(name, whole / part);
  return {
    sizes: {
      parsers: size('parsers', 8_000_000),
      directories: size('directories', 20_000),
      forged: size('forged', 20_000),
      'by hand': 1,
      fields: 1,
    },
    seed: command.number('seed', 1),
    only: command.text('only'),
    rows: command.text('rows'),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  const scratch = mkdtempSync(join(scratchParent(ROOM_BYTES), 'litt-fuzz-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const total = emptyReport();
  const started = Date.now();
  for (const share of sharesOf(options, scratch)) {
    const tallies = await Promise.all(share.map((one) => runWorker<Report>(WORKER, one)));
    for (const tally of tallies) addReport(total, tally);
  }
  report(total, options, (Date.now() - started) / 1000);
}

/** Parts one after the other, each split among the processors. */
function sharesOf({ sizes, seed, only }: Options, scratch: string): Share[][] {
  const parts = (['by hand', 'fields', 'parsers', 'directories', 'forged'] as const).filter(
    (part) => sizes[part] > 0 && (only === null || only.startsWith(`${part}/`)),
  );
  if (only !== null) {
    if (parts.length === 0) throw new Error(`There is no part of that name: ${only}`);
    const number = Number(only.split('/').at(-1));
    const [from, to] = Number.isInteger(number) ? [number, number + 1] : [0, 1];
    return parts.map((part) => [{ part, seed, from, to, only, scratch }]);
  }
  return parts.map((part) => {
    const workers = part === 'by hand' || part === 'fields' ? 1 : availableParallelism();
    return Array.from({ length: workers }, (_, i) => ({
      part,
      seed,
      from: Math.floor((sizes[part] * i) / workers),
      to: Math.floor((sizes[part] * (i + 1)) / workers),
      only,
      scratch,
    }));
  });
}

function report(total: Report, { rows, seed }: Options, seconds: number): void {
  const { counts, findings, peakBytes, slowest, slowestId } = total;
  const problems = findings.map(({ id, problem }) => `${id}: ${problem}`);
  if (peakBytes > MAX_BYTES) problems.push(`a process took ${peakBytes} bytes of memory`);
  const entries = Object.entries(counts);
  const memory = (peakBytes / 2 ** 20).toFixed(0);
  const peak = slowest === 0 ? '' : `, slowest ${slowestId} with ${slowest.toFixed(0)} ms`;
  process.stdout.write(
    `${countsToText(entries)}  ${seconds.toFixed(0)} s, at most ${memory} MiB${peak}, ${problems.length} problems\n`,
  );
  for (const problem of problems.slice(0, SHOWN_FINDINGS)) {
    const [id] = problem.split(': ');
    process.stdout.write(
      `PROBLEM ${problem}\n  repeat: npx tsx scripts/fuzz.ts --seed ${seed} --only '${id}'\n`,
    );
  }
  appendRows(rows, 'hostile input', entries);
  if (problems.length > 0) process.exitCode = 1;
}

await main();
