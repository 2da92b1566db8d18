/** Kills a command before each of its mutating calls, and recovers in both directions. */
import { join } from 'node:path';
import { copyTree } from './cases.ts';
import { killIn } from './inject.ts';
import { lookAt, purge, resume, undo } from './recover.ts';
import { type Counted, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import type { Point } from './trace.ts';

/** The points of a sweep, as tasks. */
export function killTasks(pool: TaskPool, scenario: Counted): Task[] {
  const points = pool.choose(scenario.points.filter((point) => !point.sync));
  return points.map((point) => ({
    id: `${scenario.id}:kill:${point.index}`,
    row: rowOf(scenario),
    work: (slot) => killAndRecover(pool, scenario, point, slot),
  }));
}

async function killAndRecover(pool: TaskPool, scenario: Counted, point: Point, slot: string): Promise<void> {
  const at = await killIn(scenario, slot, point);
  pool.tally.add(rowOf(scenario), 'killed');
  await recoverBothWays(pool, scenario, at, slot, () => killIn(scenario, join(slot, 'again'), point));
}

/**
 * Finishes a broken-off run, and takes a copy of it back. Where copies will not do (a state that names inodes),
 * `again` breaks another run off in the same way.
 */
export async function recoverBothWays(
  pool: TaskPool,
  scenario: Counted,
  at: string,
  slot: string,
  again: () => Promise<string>,
): Promise<void> {
  const { of, ends } = scenario;
  const { tally } = pool;
  const row = rowOf(scenario);
  const seen = await lookAt(of, at);
  const other = scenario.byInode ? await again() : join(slot, 'b');
  if (!scenario.byInode) await copyTree(at, other);
  if (scenario.purges) {
    const third = join(slot, 'c');
    await copyTree(at, third);
    await purge(of, third, 'after');
    tally.add(row, 'purged');
  }
  await resume(of, at, seen, ends);
  tally.add(row, 'resumed');
  await undo(of, other, seen, ends);
  tally.add(row, 'undone');
}
