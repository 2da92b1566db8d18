/** Cuts the power of a disk while a command works on it, mounts it again, and recovers. */
import { join } from 'node:path';
import { Violation } from '../violation.ts';
import { copyTree } from './cases.ts';
import { Stopped } from './inject.ts';
import { recoverBothWays } from './kill.ts';
import { Disk, type DiskKind, unmount } from './mounts.ts';
import { finish } from './process.ts';
import { endState, told } from './recover.ts';
import { type Counted, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import { isFreeing, type Point } from './trace.ts';

/** Power cuts behind the points of a sweep, and one when the command has ended, as tasks. */
export function powerCutTasks(pool: TaskPool, scenario: Counted, kind: DiskKind): Task[] {
  const cuts = pool.choose(scenario.points.filter((point) => !isFreeing(point))).map((point) => ({
    id: `${scenario.id}:${kind}:${point.index}`,
    row: rowOf(scenario),
    work: (slot: string) => cutAndRecover(pool, scenario, kind, point, slot),
  }));
  return [...cuts, ...endedTasks(pool, scenario, kind)];
}

/** A power cut right after the command has ended with 0, as a task. */
export function endedTasks(pool: TaskPool, scenario: Counted, kind: DiskKind): Task[] {
  const work = async (slot: string): Promise<void> => {
    const left = await cutOff(slot, kind, async (disk) => {
      const at = await layOut(scenario, disk);
      const result = await finish(scenario.argv(at));
      if (result.code !== 0) throw new Violation(told('it', result));
      await disk.cut();
    });
    pool.tally.add(rowOf(scenario), kind);
    const reached = endState(scenario.of, left);
    if (reached !== scenario.success) throw new Violation(`A4: it had ended, and the state is as ${reached}`);
  };
  return [{ id: `${scenario.id}:${kind}:ended`, row: rowOf(scenario), work }];
}

async function cutAndRecover(
  pool: TaskPool,
  scenario: Counted,
  kind: DiskKind,
  point: Point,
  slot: string,
): Promise<void> {
  const left = await cutOff(slot, kind, (disk) => cutAt(scenario, disk, point, join(slot, 'log')));
  pool.tally.add(rowOf(scenario), kind);
  await recoverBothWays(pool, scenario, left, slot, () => Promise.resolve(left));
}

/** Makes a disk that `work` cuts off, and returns a copy of what is on it when it is mounted again. */
async function cutOff(slot: string, kind: DiskKind, work: (disk: Disk) => Promise<void>): Promise<string> {
  const left = join(slot, 'left');
  const disk = await Disk.make(kind, slot);
  await disk.mount();
  try {
    await work(disk);
  } finally {
    await unmount(disk.dir);
  }
  await disk.mount();
  try {
    await copyTree(join(disk.dir, 'a'), left);
  } finally {
    await unmount(disk.dir);
  }
  return left;
}

/** What a scenario begins with, durable on the disk. */
async function layOut(scenario: Counted, disk: Disk): Promise<string> {
  const at = join(disk.dir, 'a');
  await copyTree(scenario.of.template(scenario.template), at);
  await disk.sync();
  return at;
}

async function cutAt(scenario: Counted, disk: Disk, point: Point, log: string): Promise<void> {
  const stopped = await Stopped.exactlyAt(
    () => layOut(scenario, disk),
    join(disk.dir, 'a'),
    log,
    scenario,
    point,
  );
  // It stands still while the power goes, and never runs again.
  try {
    await disk.cut();
  } finally {
    await stopped.kill();
  }
}
