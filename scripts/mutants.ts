/**
 * `npx tsx scripts/mutants.ts`: is every barrier needed, and does the simulator notice each missing one?
 * Mutants of the program are made from its runs: each sync left out, each pair of calls around a sync swapped,
 * by the place in the program. Each must lead to a state that the simulator's judge refuses, or equal the
 * program by one of the rules of `test/proof/mutants/verdicts.ts`. More mutants are made from its sources: each
 * check of a journal left out. Each of those must behave differently on a database that was tampered with.
 * Exits with 1 when a mutant lives.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CHECK_FATES, type CheckReport, tryChecks } from '../test/proof/mutants/check-mutants.ts';
import type { Result, Share } from '../test/proof/mutants/mutant-worker.ts';
import { FATES, type Judged, judgeAll } from '../test/proof/mutants/verdicts.ts';
import { CommandLine } from './command.ts';
import { appendRows, countsToText } from './rows.ts';
import { runWorker } from './workers.ts';

const USAGE = `Usage: npx tsx scripts/mutants.ts [options]

  --quick      fewer subjects and states, as the gate has them
  --verbose    what became of each mutant, and what gave it away
  --workers N  processes (default: one for each processor)
  --rows FILE  append the counts as JSON lines
`;

/** Subjects on which checks are tried; fewer do not have everything that is checked. */
const CHECK_SUBJECTS = { quick: 7, whole: 10 };
const QUICK = { subjects: 4, singles: 6, most: { without: 3000, swap: 100 } };
const WHOLE = { subjects: 12, singles: 24, most: { without: 20_000, swap: 500 } };
const WORKER = fileURLToPath(new URL('../test/proof/mutants/mutant-worker.ts', import.meta.url));

async function main(): Promise<void> {
  const command = CommandLine.read(USAGE);
  const [isQuick, isVerbose] = [command.flag('quick'), command.flag('verbose')];
  const started = Date.now();
  const workers = command.number('workers', availableParallelism(), 1);
  const size = isQuick ? QUICK : WHOLE;
  const shares = Array.from({ length: workers }, (_, remainder): Share => ({ remainder, workers, ...size }));
  const results = await Promise.all(shares.map((share) => runWorker<Result>(WORKER, share)));
  const judged = judgeAll(results.flatMap((r) => r.verdicts));
  for (const { fate, kind, name, states, caught } of judged) {
    if (fate !== 'lives' && !isVerbose) continue;
    const why = caught === null || !isVerbose ? '' : `\n    ${caught}`;
    process.stdout.write(`${fate === 'lives' ? 'LIVES' : fate} (${kind}, ${states} states): ${name}${why}\n`);
  }
  const checked = await tryChecks(isQuick ? CHECK_SUBJECTS.quick : CHECK_SUBJECTS.whole, workers);
  tellChecks(checked, isVerbose);
  report(judged, checked, (Date.now() - started) / 1000, command.text('rows'));
}

function tellChecks({ checks, problems }: CheckReport, isVerbose: boolean): void {
  for (const problem of problems) process.stdout.write(`WRONG: ${problem}\n`);
  for (const { fate, place, text, caught } of checks) {
    const isAlive = fate === 'lives' || fate === 'idle';
    if (!isAlive && !isVerbose) continue;
    const why = caught === null || !isVerbose ? '' : `\n    ${caught}`;
    process.stdout.write(
      `${isAlive ? 'LIVES' : fate} (check, ${CHECK_FATES[fate]}): ${place} ${text}${why}\n`,
    );
  }
}

function report(judged: readonly Judged[], checked: CheckReport, seconds: number, rows: string | null): void {
  const counts: [string, number][] = [['mutants', judged.length]];
  for (const [fate, text] of Object.entries(FATES)) {
    counts.push([text, judged.filter((v) => v.fate === fate).length]);
  }
  counts.push(['states of mutants', judged.reduce((sum, v) => sum + v.states, 0)]);
  counts.push(['checks', checked.checks.length]);
  for (const [fate, text] of Object.entries(CHECK_FATES))
    counts.push([text, checked.checks.filter((c) => c.fate === fate).length]);
  counts.push(['cases for checks', checked.cases]);
  process.stdout.write(countsToText(counts));
  process.stdout.write(`  ${seconds.toFixed(0)} s\n`);
  appendRows(rows, 'mutants', counts);
  const isAlive =
    judged.some((v) => v.fate === 'lives') ||
    checked.checks.some((c) => c.fate === 'lives' || c.fate === 'idle');
  if (isAlive || checked.problems.length > 0) process.exitCode = 1;
}

await main();
