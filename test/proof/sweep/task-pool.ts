/** Works through points, some at the same time, each in a directory of its own. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratchParent } from '../../../scripts/workers.ts';
import { Violation } from '../violation.ts';
import type { Options } from './options.ts';
import { Tally } from './tally.ts';

/** Where the project lies. */
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const ROOM_BYTES = 512 * 1024 * 1024;

/** One point of a sweep. */
export interface Task {
  /** Unique, and what --only takes. */
  readonly id: string;
  /** Row of the table. */
  readonly row: string;
  /** Does it in a directory of its own. */
  readonly work: (slot: string) => Promise<void>;
}

/** Thrown when so many violations were found that going on is pointless. */
export class Enough extends Error {}

/** The scratch directory, the command under test, and the counts of one run. */
export class TaskPool {
  readonly tally = new Tally();
  /** Everything is made below this directory. */
  readonly scratch: string;
  /** A copy of the built command: a build meanwhile must not change what is swept. */
  readonly command: string;
  private made = 0;

  private constructor(readonly options: Options) {
    this.scratch = mkdtempSync(join(scratchParent(ROOM_BYTES), 'litt-crash-'));
    process.once('exit', this.dispose);
    this.command = join(this.scratch, 'command', 'dist', 'bin', 'litt-rollback.js');
  }

  /** Removes the scratch directory, unless violations are to be kept; the end of the process does so too. */
  readonly dispose = (): void => {
    process.off('exit', this.dispose);
    if (!this.options.keep || this.tally.violations.size === 0)
      rmSync(this.scratch, { recursive: true, force: true });
  };

  /** A pool whose command is put into a directory of its own: by default the one that was built last. */
  static async of(options: Options, put: (dir: string) => Promise<void> = copyBuilt): Promise<TaskPool> {
    const pool = new TaskPool(options);
    const dir = join(pool.scratch, 'command');
    mkdirSync(dir);
    await put(dir);
    return pool;
  }

  /** Picks the points of a sweep that are tried, spread evenly, first and last among them. */
  choose<T>(points: readonly T[], limit = this.options.points): T[] {
    const { every, only } = this.options;
    if (only !== null) return [...points];
    const step = Math.max(every, (points.length - 1) / Math.max(1, limit - 1));
    if (step <= 1) return [...points];
    const chosen: T[] = [];
    for (let at = 0; at < points.length; at += step) chosen.push(points[Math.floor(at)]!);
    const last = points.at(-1);
    if (last !== undefined && chosen.at(-1) !== last) chosen.push(last);
    return chosen;
  }

  /** A few elements out of the middle parts of a list, none at its ends. */
  middle<T>(list: readonly T[], count: number): T[] {
    if (this.options.only !== null || list.length <= count) return [...list];
    return Array.from({ length: count }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / count)]!);
  }

  /** Every one of some variants for point number `i`; one of them, in turns, where points are only sampled. */
  alternate<T>(variants: readonly T[], i: number): T[] {
    return this.options.quick ? [variants[i % variants.length]!] : [...variants];
  }

  /** Whether a sweep has a point that --only names. */
  wants(prefix: string): boolean {
    const { only } = this.options;
    return only === null || only.startsWith(prefix) || prefix.startsWith(only);
  }

  /** A directory that is not in use. */
  freshDir(): string {
    const dir = join(this.scratch, `run-${++this.made}`);
    mkdirSync(dir);
    return dir;
  }

  /** Works through tasks; throws Enough after too many violations, and any other error at once. */
  async run(tasks: readonly Task[]): Promise<void> {
    const { only, jobs } = this.options;
    const queue = tasks.filter((task) => only === null || task.id.startsWith(only));
    const worker = async (): Promise<void> => {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) await this.one(task);
    };
    await Promise.all(Array.from({ length: jobs }, worker));
  }

  private async one(task: Task): Promise<void> {
    const dir = this.freshDir();
    try {
      await task.work(dir);
    } catch (error) {
      if (!(error instanceof Violation)) throw new Error(`${task.id}: ${String(error)}`, { cause: error });
      this.violate(task, error, dir);
      if (this.options.keep) return;
    }
    rmSync(dir, { recursive: true, force: true });
  }

  /** The same violation at other points is counted, not told again. */
  private violate(task: Task, { details }: Violation, kept: string): void {
    const { tally, options } = this;
    if (!tally.violate(task.id, details)) return;
    if (!options.quiet) {
      const text = details.map((line) => `  ${line.replaceAll(kept, '…')}`).join('\n');
      const where = options.keep ? `  kept in ${kept}\n` : '';
      const repeat = `npx tsx scripts/crash-sweep.ts --only ${task.id} --keep`;
      process.stdout.write(`VIOLATION ${task.id}\n${text}\n${where}  repeat: ${repeat}\n`);
    }
    if (tally.violations.size >= options.violations) throw new Enough();
  }
}

async function copyBuilt(dir: string): Promise<void> {
  cpSync(join(PROJECT, 'dist', 'bin'), join(dir, 'dist', 'bin'), { recursive: true });
  cpSync(join(PROJECT, 'package.json'), join(dir, 'package.json'));
}
