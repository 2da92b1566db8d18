/**
 * `npx tsx scripts/crash-sim.ts`: random databases and rollbacks in memory; from every point at which the power may
 * go, and a choice of what then survives, each must be recoverable, in both directions, also after a second crash
 * while recovering. Prints a table of counts; exits with 1 after a violation, with the seed that brings it back.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Effort } from '../test/proof/simulator/explore.ts';
import type { Result, Share } from '../test/proof/simulator/worker.ts';
import { CommandLine } from './command.ts';
import { addCounts, appendRows, type Counts, countsToText } from './rows.ts';
import { runWorker } from './workers.ts';

/** Databases that the gate draws. */
const GATE_DATABASES = 12;

/** How much is drawn, and for how long at most. */
const size = (nightly: boolean) =>
  nightly ? { databases: GATE_DATABASES * 10, minutes: 240 } : { databases: GATE_DATABASES, minutes: 15 };

const usage = (nightly: boolean): string => `Usage: npx tsx scripts/crash-sim.ts [options]

  --databases N  databases to draw (default ${size(nightly).databases})
  --nightly      the nightly size, ten times that of the gate; LITT_ROLLBACK_NIGHTLY=1 says the same
  --seed N       another choice of databases (default: the time)
  --path P       only the database at this path of the seed, as a violation prints it
  --workers N    processes (default: one for each processor)
  --rows FILE    append the counts as JSON lines
`;

const EFFORT: Effort = { points: 60, sample: 3, singles: 3, secondEvery: 20 };
const WORKER = fileURLToPath(new URL('../test/proof/simulator/worker.ts', import.meta.url));

async function main(): Promise<void> {
  const nightly = process.env['LITT_ROLLBACK_NIGHTLY'] === '1' || process.argv.includes('--nightly');
  const command = CommandLine.read(usage(nightly));
  const databases = command.number('databases', size(nightly).databases, 1);
  const seed = command.number('seed', Date.now() % 1_000_000_000);
  const path = command.text('path');
  const started = Date.now();
  const workers = path === null ? command.number('workers', availableParallelism(), 1) : 1;
  const shares = Array.from({ length: workers }, (_, i) => ({
    seed: seed + i,
    databases: path === null ? Math.ceil(databases / workers) : 1,
    effort: EFFORT,
    limit: size(nightly).minutes * 60_000,
    path,
  })) satisfies Share[];
  const results = await Promise.all(shares.map((share) => runWorker<Result>(WORKER, share)));
  report(results, (Date.now() - started) / 1000, command.text('rows'));
}

function report(results: readonly Result[], seconds: number, rows: string | null): void {
  const counts: Counts = {};
  for (const result of results) addCounts(counts, result.counts);
  const entries = Object.entries(counts);
  process.stdout.write(countsToText(entries));
  const failures = results.flatMap((r) => (r.failure === null ? [] : [r.failure]));
  process.stdout.write(`  ${seconds.toFixed(0)} s, ${failures.length} violations\n`);
  for (const failure of failures) process.stdout.write(`VIOLATION ${failure}\n`);
  appendRows(rows, 'simulator', entries);
  if (failures.length > 0) process.exitCode = 1;
}

await main();
