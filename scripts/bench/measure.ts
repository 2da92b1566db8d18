/** Runs whole processes and measures them from outside: wall time, peak memory, bytes written. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A command to be measured. */
export interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  /** Run before each measurement, and not measured. */
  readonly prepare?: readonly string[];
}

const TIME = '/usr/bin/time';

/** Seconds of wall time that a process takes, its output thrown away. */
async function once(test: Case): Promise<number> {
  prepare(test);
  const [command, ...args] = test.argv;
  const start = process.hrtime.bigint();
  const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await succeeded(child, test);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function prepare(test: Case): void {
  if (test.prepare === undefined) return;
  const [command, ...args] = test.prepare;
  const done = spawnSync(command!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status !== 0) throw new Error(`${test.prepare.join(' ')}\n${done.stderr}`);
}

async function succeeded(child: ChildProcess, test: Case): Promise<void> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) {
    throw new Error(`${test.name}: exit code ${code}\n${test.argv.join(' ')}\n${errors}`);
  }
}

/** Median wall time of each case. The cases take turns, so that a slow moment hits all of them. */
export async function medians(cases: readonly Case[], runs: number): Promise<Map<string, number>> {
  const times = new Map<string, number[]>(cases.map((c) => [c.name, []]));
  // The first round only warms caches.
  for (let round = 0; round <= runs; round++) {
    for (const test of cases) {
      const seconds = await once(test);
      if (round > 0) times.get(test.name)!.push(seconds);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Peak resident memory in bytes: what `time` reports where it is installed, and the kernel's high-water mark
 * read from outside while the process runs; the larger of the two.
 */
export async function peakMemory(test: Case): Promise<number> {
  const polled = await pollHighWater(test);
  return Math.max(polled, existsSync(TIME) ? timedMemory(test) : 0);
}

async function pollHighWater(test: Case): Promise<number> {
  prepare(test);
  const [command, ...args] = test.argv;
  const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid));
  }, 2);
  await succeeded(child, test).finally(() => clearInterval(timer));
  return peak;
}

function highWater(pid: number | undefined): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    // The process has ended, or there is no /proc here: what was seen before counts.
    return 0;
  }
}

function timedMemory(test: Case): number {
  prepare(test);
  const done = spawnSync(TIME, ['-f', '%M', ...test.argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  return Number(done.stderr.toString().trim().split('\n').at(-1)) * 1024;
}

/** Bytes that a process handed to write calls; null where the kernel does not tell. */
export function bytesWritten(test: Case): number | null {
  if (!existsSync('/proc/self/io')) return null;
  prepare(test);
  // A parent's counters include the children it has waited for.
  const script = 'before=$(cat /proc/$$/io); "$@" >/dev/null; echo "$before" >&2; cat /proc/$$/io >&2';
  const done = spawnSync('sh', ['-c', script, 'sh', ...test.argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  const counts = [...done.stderr.toString().matchAll(/^wchar: (\d+)/gm)].map((m) => Number(m[1]));
  return counts.length === 2 ? counts[1]! - counts[0]! : null;
}

/** How often a process calls fsync; null without strace. */
export function countFsyncs(test: Case, scratch: string): number | null {
  prepare(test);
  const log = join(scratch, 'fsyncs.log');
  const traced = ['-f', '-e', 'trace=fsync,fdatasync', '-o', log, ...test.argv];
  const done = spawnSync('strace', traced, { stdio: 'ignore' });
  if (done.error !== undefined || !existsSync(log)) return null;
  const count = readFileSync(log, 'latin1').match(/f(data)?sync\(/g)?.length ?? 0;
  rmSync(log);
  return count;
}

/** Median seconds of one fsync of a freshly written file in this directory. */
export function fsyncSeconds(dir: string): number {
  const path = join(dir, 'fsync-probe');
  const fd = openSync(path, 'w');
  const times: number[] = [];
  for (let i = 0; i < 21; i++) {
    writeSync(fd, Buffer.alloc(4096, i));
    const start = process.hrtime.bigint();
    fsyncSync(fd);
    times.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  closeSync(fd);
  rmSync(path);
  return median(times);
}
