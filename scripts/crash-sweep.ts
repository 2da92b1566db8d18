/**
 * `npx tsx scripts/crash-sweep.ts`: kills the built command at its mutating system calls, fails them, stops and
 * signals it there, fills its disk and cuts it off, on databases that the engine wrote, and checks that every state
 * can be finished and taken back. Prints a table of counts; exits with 1 after a violation.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SweepCase } from './crash/cases.ts';
import { DISKS, whyNoDisk, whyNoMemory } from './crash/mounts.ts';
import { parseOptions, USAGE } from './crash/options.ts';
import { finish } from './crash/process.ts';
import { Enough, Runner } from './crash/runner.ts';
import { type Machine, sweepCase } from './crash/sweep.ts';

const COMMAND = fileURLToPath(new URL('../dist/bin/litt-rollback.js', import.meta.url));

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const reason = await whyImpossible();
  if (reason !== null) {
    skip('everything', reason);
    return;
  }
  if (!existsSync(COMMAND)) throw new Error('Build first: npm run build');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const runner = new Runner(options);
  const machine = await machineFor(runner);
  const started = Date.now();
  try {
    for (const name of options.cases) {
      await sweepCase(runner, await SweepCase.unpack(name, runner.scratch, runner.command), machine);
    }
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    process.stdout.write('Enough violations: stopped\n');
  }
  const { tally } = runner;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(`\n${tally.toText()}\n${tally.violationsToText()}${seconds} s\n`);
  if (options.rows !== null) appendFileSync(options.rows, tally.toRows());
  if (tally.violations.size > 0) process.exitCode = 1;
}

function skip(what: string, reason: string): void {
  process.stdout.write(`skipped: ${what}: ${reason}\n`);
}

/** Why nothing can be swept on this machine; null when it can. */
async function whyImpossible(): Promise<string | null> {
  if (process.platform !== 'linux') return `system calls are traced on Linux, not on ${process.platform}`;
  try {
    const { code, stderr } = await finish(['strace', '-f', '-o', '/dev/null', process.execPath, '-e', '0']);
    return code === 0 ? null : `strace does not work here: ${stderr.trim()}`;
  } catch {
    return 'strace is not installed (apt-get install strace)';
  }
}

/** Which file systems can be mounted; what cannot is told. */
async function machineFor({ options, scratch }: Runner): Promise<Machine> {
  const noMemory = options.parts.has('full') ? await whyNoMemory(scratch) : null;
  if (noMemory !== null) skip('full disks', noMemory);
  const disks: Machine['disks'][number][] = [];
  for (const kind of options.parts.has('power') ? DISKS : []) {
    const reason = await whyNoDisk(kind, scratch);
    if (reason === null) disks.push(kind);
    else skip(`power cuts on ${kind}`, reason);
  }
  return { memory: noMemory === null, disks };
}

await main();
