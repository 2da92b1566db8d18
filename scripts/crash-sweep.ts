/**
 * `npx tsx scripts/crash-sweep.ts`: kills the built command at its mutating system calls, fails them, stops and
 * signals it there, fills its disk and cuts it off, on databases that the engine wrote, and checks that every state
 * can be finished and taken back. Prints a table of counts; exits with 1 after a violation.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SweepCase } from '../test/proof/sweep/cases.ts';
import { DISKS, type DiskKind, whyNoDisk, whyNoMemory } from '../test/proof/sweep/mounts.ts';
import { type Options, readOptions } from '../test/proof/sweep/options.ts';
import { finish } from '../test/proof/sweep/process.ts';
import { selfTest } from '../test/proof/sweep/self-test.ts';
import { type Machine, sweepCase } from '../test/proof/sweep/sweep.ts';
import { Enough, TaskPool } from '../test/proof/sweep/task-pool.ts';
import { appendRows, type Tried } from './rows.ts';

const COMMAND = fileURLToPath(new URL('../dist/bin/litt-rollback.js', import.meta.url));

/** For a table over several proofs. What was skipped stands in it too. */
const counts: Tried[] = [];

async function main(): Promise<void> {
  const options = readOptions();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const reason = await whyImpossible();
  if (reason !== null) skip(options.selfTest ? 'sweeps of broken builds' : 'all sweeps', reason);
  else if (options.selfTest) await testItself(options);
  else await sweep(options);
  appendRows(options.rows, 'real kernel', counts);
}

async function sweep(options: Options): Promise<void> {
  if (!existsSync(COMMAND)) throw new Error('Build first: npm run build');
  const pool = await TaskPool.of(options);
  const machine = await machineFor(pool);
  const started = Date.now();
  try {
    for (const name of options.cases) {
      await sweepCase(pool, await SweepCase.unpack(name, pool.scratch, pool.command), machine);
    }
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
    process.stdout.write('Enough violations: stopped\n');
  }
  const { tally } = pool;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  process.stdout.write(`\n${tally.toText()}\n${tally.violationsToText()}${seconds} s\n`);
  counts.push(...tally.sums());
  if (tally.violations.size > 0) process.exitCode = 1;
}

/** Whether the sweeps find faults that were put in on purpose; one that no sweep has noticed is a failure. */
async function testItself(options: Options): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'litt-crash-'));
  const [disk] = await disksOf(scratch);
  rmSync(scratch, { recursive: true });
  let [found, missed] = [0, 0];
  for await (const { name, found: how } of selfTest(options, disk)) {
    if (how === null) missed++;
    else found++;
    process.stdout.write(
      how === null ? `MISSED ${name}\n` : `found: ${name}\n  ${how.replaceAll('\n', '\n  ')}\n`,
    );
  }
  process.stdout.write(`${found} faults found, ${missed} missed\n`);
  counts.push(['faults put into the program, and found', found]);
  if (missed > 0) process.exitCode = 1;
}

function skip(what: string, reason: string): void {
  process.stdout.write(`skipped: ${what}: ${reason}\n`);
  counts.push([`skipped: ${what}: ${reason}`, 0]);
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
async function machineFor({ options, scratch }: TaskPool): Promise<Machine> {
  const noMemory = options.parts.has('full') ? await whyNoMemory(scratch) : null;
  if (noMemory !== null) skip('full disks', noMemory);
  return { memory: noMemory === null, disks: options.parts.has('power') ? await disksOf(scratch) : [] };
}

/** Which disks can be made and cut off; what cannot is told. */
async function disksOf(scratch: string): Promise<DiskKind[]> {
  const disks: DiskKind[] = [];
  for (const kind of DISKS) {
    const reason = await whyNoDisk(kind, scratch);
    if (reason === null) disks.push(kind);
    else skip(`power cuts on ${kind}`, reason);
  }
  return disks;
}

await main();
