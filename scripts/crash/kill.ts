/** Kills a command before each of its mutating calls, and recovers in both directions. */
import { join } from 'node:path';
import { copyTree } from './cases.ts';
import { lookAt, purge, resume, undo } from './recover.ts';
import type { Runner, Task } from './runner.ts';
import { type Counted, fresh, killAt } from './scenarios.ts';
import type { Point } from './trace.ts';

/** The points of a sweep, as tasks. */
export function killTasks(runner: Runner, scenario: Counted): Task[] {
  const row = `${scenario.of.name}: ${scenario.name.replace(/@\d+/g, '@…')}`;
  const points = runner.choose(scenario.points.filter((point) => !point.sync));
  return points.map((point) => ({
    id: `${scenario.id}:kill:${point.index}`,
    row,
    work: (slot) => killAndRecover(runner, scenario, point, row, slot),
  }));
}

async function killAndRecover(
  runner: Runner,
  scenario: Counted,
  point: Point,
  row: string,
  slot: string,
): Promise<void> {
  const { of, ends } = scenario;
  const { tally } = runner;
  const at = await fresh(scenario, slot);
  await killAt(scenario, at, point);
  tally.add(row, 'killed');
  const seen = await lookAt(of, at);
  const other = scenario.byInode ? await again(scenario, point, join(slot, 'again')) : join(slot, 'b');
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

/** The same crash once more, in another directory. */
async function again(scenario: Counted, point: Point, dir: string): Promise<string> {
  const at = await fresh(scenario, dir);
  await killAt(scenario, at, point);
  return at;
}
