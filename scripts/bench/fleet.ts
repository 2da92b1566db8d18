/** Rows for many nodes: a batch beside a loop of single commands over the same nodes, in one run. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSample, primaryKey } from '../make-sample.ts';
import { fsyncSeconds } from './measure.ts';
import type { Measurement } from './measurements.ts';

const MEMORY = '/dev/shm';
const TIME = '/usr/bin/time';

/** How large the rows are. */
export interface FleetSizes {
  readonly inMemory: number;
  readonly onDisk: number;
  /** Nodes that the loop of single commands does. */
  readonly single: number;
}

/** Wall and CPU time of a process and all that it has waited for (seconds). */
interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

/** The command with these words. */
type Run = (...words: string[]) => string[];

/** Records of a node, and the group at which it is to end. */
const RECORDS = 300;
const KEPT_GROUP = 60;

/** @param dir a directory on the disk; null rows are left out where the machine has no such place */
export async function fleetRows(
  dir: string,
  run: Run,
  sizes: FleetSizes,
  isJudged: boolean,
): Promise<Measurement[]> {
  if (!existsSync(TIME)) return [];
  const bound = (value: number): number | null => (isJudged ? value : null);
  const rows: Measurement[] = [];
  if (existsSync(MEMORY)) {
    const place = join(MEMORY, `litt-rollback-bench-${process.pid}`);
    process.once('exit', () => rmSync(place, { recursive: true, force: true }));
    const memory = new Nodes(place, sizes.inMemory + sizes.single, run);
    const single = memory.loop(sizes.single);
    const batch = memory.batch(sizes.inMemory, 2);
    const again = memory.batch(sizes.inMemory, 2);
    const name = `batch, ${sizes.inMemory} nodes in memory, 2 jobs`;
    rows.push(ratioRow(`${name}: wall`, single.wall / sizes.single, batch.wall / sizes.inMemory, bound(10)));
    rows.push(ratioRow(`${name}: CPU`, single.cpu / sizes.single, batch.cpu / sizes.inMemory, bound(12)));
    const each = (again.cpu / sizes.inMemory) * 1000;
    rows.push({
      name: `batch again, ${sizes.inMemory} done nodes`,
      measured: each / 1000,
      bound: bound(0.003),
      sense: 'at most',
      unit: 's',
      detail: 'CPU of each node',
    });
    rows.push(await memory.memoryRow(sizes.inMemory, bound(250)));
    memory.remove();
  }
  const disk = new Nodes(join(dir, 'fleet'), sizes.onDisk + sizes.single, run);
  const sync = fsyncSeconds(dir);
  const [single, batch] = [disk.loop(sizes.single), disk.batch(sizes.onDisk, 4)];
  rows.push({
    ...ratioRow(
      `batch, ${sizes.onDisk} nodes on disk, 4 jobs: wall`,
      single.wall / sizes.single,
      batch.wall / sizes.onDisk,
      bound(6),
    ),
    detail: `one fsync takes ${(sync * 1000).toFixed(2)} ms`,
  });
  disk.remove();
  return rows;
}

function ratioRow(name: string, single: number, batch: number, bound: number | null): Measurement {
  const detail = `${(single * 1000).toFixed(0)} ms by itself, ${(batch * 1000).toFixed(1)} ms in the batch`;
  return { name, measured: single / batch, bound, sense: 'at least', unit: 'x', detail };
}

/** Copies of one small database, and a fleet file for them. */
class Nodes {
  readonly #dir: string;
  readonly #run: Run;
  readonly #names: string[];

  constructor(dir: string, count: number, run: Run) {
    this.#dir = dir;
    this.#run = run;
    this.#names = Array.from({ length: count }, (_, i) => `n${i}`);
    mkdirSync(dir, { recursive: true });
    const { roots } = makeSample({ dir: join(dir, 'template'), records: RECORDS, segments: 7 });
    for (const name of this.#names) succeed(['cp', '-a', roots[0] as string, join(dir, name)]);
  }

  get #target(): string[] {
    return ['--key', primaryKey(KEPT_GROUP).toString('hex')];
  }

  /** Single commands, one after the other, over the last nodes. */
  loop(count: number): Spent {
    const lines = this.#names
      .slice(-count)
      .map((name) =>
        this.#run('apply', '--src', join(this.#dir, name), ...this.#target, '--yes', '-q').join(' '),
      );
    const script = join(this.#dir, 'loop.sh');
    writeFileSync(script, `set -e\n${lines.join('\n')}\n`);
    return spent(['sh', script]);
  }

  /** One batch over the first nodes. */
  batch(count: number, jobs: number): Spent {
    return spent(this.#batchWords(count, 'apply', ...this.#target, '--yes', '-q', '--jobs', `${jobs}`));
  }

  #batchWords(count: number, command: string, ...words: string[]): string[] {
    const file = join(this.#dir, 'fleet.yaml');
    const nodes = this.#names.slice(0, count).map((name) => `  - { name: ${name}, src: [${name}] }`);
    writeFileSync(file, `version: 1\nnodes:\n${nodes.join('\n')}\n`);
    return this.#run('batch', command, file, ...words);
  }

  /** What a parent and four workers hold, shared pages divided among those that share them. */
  async memoryRow(count: number, bound: number | null): Promise<Measurement> {
    const [program, ...args] = this.#batchWords(count, 'plan', ...this.#target, '-q', '--jobs', '4');
    const child = spawn(program as string, args, { stdio: 'ignore' });
    let peak = 0;
    const timer = setInterval(() => {
      peak = Math.max(peak, shareOf(child.pid ?? 0));
    }, 50);
    await new Promise((resolve) => child.on('close', resolve));
    clearInterval(timer);
    return {
      name: `memory: batch, ${count} nodes, 4 jobs`,
      measured: peak / 1e6,
      bound,
      sense: 'at most',
      unit: 'MB',
      detail: 'parent and workers, shared pages counted once',
    };
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function succeed(argv: readonly string[]): string {
  const [program, ...args] = argv;
  const done = spawnSync(program as string, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${argv.join(' ')}\n${done.stderr}`);
  return done.stderr;
}

function spent(argv: readonly string[]): Spent {
  const told = succeed([TIME, '-f', 'spent %e %U %S', ...argv]);
  const [, wall, user, system] = /^spent (\S+) (\S+) (\S+)$/m.exec(told) ?? [];
  return { wall: Number(wall), cpu: Number(user) + Number(system) };
}

/** Proportional share of the memory of a process and its children (bytes). */
function shareOf(parent: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const family = pids.filter((pid) => Number(pid) === parent || parentOf(pid) === parent);
  return family.reduce(
    (sum, pid) => sum + numberIn(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB/m) * 1024,
    0,
  );
}

const parentOf = (pid: string): number => numberIn(`/proc/${pid}/status`, /^PPid:\s+(\d+)/m);

function numberIn(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0; // the process has ended
  }
}
