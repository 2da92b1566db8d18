/** Cuts the power of a disk while a command works on it, mounts it again, and recovers. */
import { join } from 'node:path';
import { copyTree } from './cases.ts';
import { recoverBothWays, rowOf } from './kill.ts';
import { Disk, type DiskKind, unmount } from './mounts.ts';
import type { Runner, Task } from './runner.ts';
import type { Counted } from './scenarios.ts';
import { Stopped } from './strike.ts';
import { isFreeing, type Point } from './trace.ts';

/** Power cuts behind the points of a sweep, as tasks. */
export function powerCutTasks(runner: Runner, scenario: Counted, kind: DiskKind): Task[] {
  return runner.choose(scenario.points.filter((point) => !isFreeing(point))).map((point) => ({
    id: `${scenario.id}:${kind}:${point.index}`,
    row: rowOf(scenario),
    work: (slot) => cutAndRecover(runner, scenario, kind, point, slot),
  }));
}

async function cutAndRecover(
  runner: Runner,
  scenario: Counted,
  kind: DiskKind,
  point: Point,
  slot: string,
): Promise<void> {
  const left = join(slot, 'left');
  const disk = await Disk.make(kind, slot);
  await disk.mount();
  try {
    await cutAt(scenario, disk, point, join(slot, 'log'));
  } finally {
    await unmount(disk.dir);
  }
  await disk.mount();
  try {
    await copyTree(join(disk.dir, 'a'), left);
  } finally {
    await unmount(disk.dir);
  }
  runner.tally.add(rowOf(scenario), kind);
  await recoverBothWays(runner, scenario, left, slot, () => Promise.resolve(left));
}

async function cutAt(scenario: Counted, disk: Disk, point: Point, log: string): Promise<void> {
  const at = join(disk.dir, 'a');
  const reset = async (): Promise<void> => {
    await copyTree(scenario.of.template(scenario.template), at);
    await disk.sync();
  };
  const stopped = await Stopped.anew(reset, at, log, scenario, point);
  // It stands still while the power goes, and never runs again.
  try {
    await disk.cut();
  } finally {
    await stopped.kill();
  }
}
