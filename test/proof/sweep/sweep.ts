/** Everything that is done with one database. */

import type { SweepCase } from './cases.ts';
import { holderTasks, raceTasks, stopTasks } from './concurrent.ts';
import { errorTasks } from './errors.ts';
import { fullDiskTasks } from './full-disk.ts';
import { killTasks } from './kill.ts';
import type { DiskKind } from './mounts.ts';
import type { Part } from './options.ts';
import { powerCutTasks } from './power-cut.ts';
import type { Counted } from './scenario.ts';
import { afterwards, applying, count, recovering } from './scenarios.ts';
import { signalTasks } from './signals.ts';
import type { Task, TaskPool } from './task-pool.ts';

/** Crashed states of one run that recoveries are crashed in. */
const FIRST_CRASHES = 7;
const QUICK_FIRST_CRASHES = 1;

/** What this machine can do besides tracing. */
export interface Machine {
  /** Whether file systems in memory can be mounted. */
  readonly memory: boolean;
  readonly disks: readonly DiskKind[];
}

/** Sweeps one database. */
export async function sweepCase(pool: TaskPool, of: SweepCase, machine: Machine): Promise<void> {
  const counted: Counted[] = [];
  for (const scenario of [...applying(of), ...afterwards(of)]) {
    // The result of an undisturbed apply is what all others are held against.
    if (scenario.name !== 'apply' && !pool.wants(`${of.name}:${scenario.name}`)) continue;
    counted.push(await count(pool, scenario));
  }
  const sweep = async (part: Part, tasks: (pool: TaskPool, scenario: Counted) => Task[]): Promise<void> => {
    if (!pool.options.parts.has(part)) return;
    for (const scenario of counted) await work(pool, scenario, part, tasks(pool, scenario));
  };
  await sweep('kill', killTasks);
  if (pool.options.parts.has('double')) await sweepDouble(pool, counted);
  await sweep('errors', errorTasks);
  await sweep('together', togetherTasks);
  if (machine.memory) await sweep('full', only(['apply', 'apply-no-undo', 'undo'], fullDiskTasks));
  for (const kind of machine.disks) {
    await sweep(
      'power',
      only(['apply', 'apply-no-undo', 'undo'], (r, s) => powerCutTasks(r, s, kind)),
    );
  }
}

type TaskMaker = (pool: TaskPool, scenario: Counted) => Task[];

/** Tasks for some scenarios; the others add nothing new where the disk is the trouble. */
function only(names: readonly string[], tasks: TaskMaker): TaskMaker {
  return (pool, scenario) => (names.includes(scenario.name) ? tasks(pool, scenario) : []);
}

function togetherTasks(pool: TaskPool, scenario: Counted): Task[] {
  return [
    ...signalTasks(pool, scenario),
    ...(scenario.name === 'apply-saved' ? raceTasks(pool, scenario) : []),
    ...holderTasks(pool, scenario),
    // A start of the engine between an apply and an undo changes nothing about who may run beside it.
    ...(scenario.byInode ? [] : stopTasks(pool, scenario)),
  ];
}

async function work(pool: TaskPool, scenario: Counted, part: string, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return;
  if (pool.options.verbose) process.stderr.write(`${scenario.id}: ${part}, ${tasks.length} points\n`);
  await pool.run(tasks);
}

/** A second crash, while recovering from the first. */
async function sweepDouble(pool: TaskPool, counted: readonly Counted[]): Promise<void> {
  const limit = pool.options.quick ? QUICK_FIRST_CRASHES : FIRST_CRASHES;
  for (const first of counted) {
    if (first.name === 'purge' || first.name === 'apply-saved') continue;
    const inside = first.points.filter((p) => !p.sync).slice(1, -1);
    for (const command of ['resume', 'undo'] as const) {
      for (const second of await recovering(pool, first, pool.middle(inside, limit), command)) {
        const scenario = await count(pool, second);
        await work(pool, scenario, 'double', killTasks(pool, scenario));
      }
    }
  }
}
