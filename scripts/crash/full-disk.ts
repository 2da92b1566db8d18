/** Applies on a file system that is full, or becomes full while the command works. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree } from './cases.ts';
import { recoverBothWays, rowOf } from './kill.ts';
import { mountMemory, unmount } from './mounts.ts';
import { observe } from './observe.ts';
import { finish, type Result, tool } from './process.ts';
import { endState, told } from './recover.ts';
import type { Runner, Task } from './runner.ts';
import type { Counted } from './scenarios.ts';
import { Stopped } from './strike.ts';
import { demand, Violation } from './tally.ts';
import { isFreeing, type Point } from './trace.ts';
import { differences } from './trees.ts';

/** Room besides the database itself, until something fills it (bytes). */
const ROOM = 16 * 1024 * 1024;
/** What is left when a command begins (bytes): around what the preflight asks for. */
const LEVELS = [0, 4096, 65_536, 1_000_000, 1_060_000, 1_100_000, 1_200_000, 2_000_000];
/** What is left when the disk fills up while it works (bytes). */
const LEFT = [0, 4096, 16_384];
const FILLER = 'filler';
/** Refused beforehand; nothing was changed. */
const REFUSED = 3;
/** Part-way, or refused by the system. */
const STOPPED = [6, 7];

/** Every fill level, and every point at which the disk becomes full, as tasks. */
export function fullDiskTasks(runner: Runner, scenario: Counted): Task[] {
  const row = rowOf(scenario);
  const beginning = LEVELS.map((level) => ({
    id: `${scenario.id}:level:${level}`,
    row,
    work: (slot: string) =>
      onDisk(slot, scenario, (at, disk) => fromLevel(runner, scenario, at, disk, level)),
  }));
  const points = runner.choose(scenario.points.filter((point) => !isFreeing(point)));
  const during = points.map((point, i) => ({
    id: `${scenario.id}:full:${point.index}`,
    row,
    work: (slot: string) =>
      onDisk(slot, scenario, (at, disk) => fillAt(runner, scenario, at, disk, point, LEFT[i % LEFT.length]!)),
  }));
  return [...beginning, ...during];
}

async function onDisk(
  slot: string,
  { of, template }: Counted,
  work: (at: string, disk: string) => Promise<void>,
): Promise<void> {
  const disk = join(slot, 'disk');
  const from = of.template(template);
  const size = Number((await tool('du', '-s', '-B1', from)).split('\t')[0]);
  await mountMemory(disk, size + ROOM);
  try {
    const at = join(disk, 'a');
    await copyTree(from, at);
    await work(at, disk);
  } finally {
    await unmount(disk);
  }
}

/** Leaves so many bytes free. */
function fill(disk: string, left: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, FILLER), Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

async function fromLevel(
  runner: Runner,
  scenario: Counted,
  at: string,
  disk: string,
  level: number,
): Promise<void> {
  const before = observe(scenario.of, at).tree;
  fill(disk, level);
  const result = await finish(scenario.argv(at));
  runner.tally.add(rowOf(scenario), 'filled');
  rmSync(join(disk, FILLER));
  // Not even the lock may find room: then the system refuses, and nothing was changed either.
  const unchanged = differences(before, observe(scenario.of, at).tree).length === 0;
  if (result.code === REFUSED || (result.code === 7 && unchanged)) {
    demand(differences(before, observe(scenario.of, at).tree), `refused, but changed. ${told('it', result)}`);
    runner.tally.add(rowOf(scenario), 'refused');
    return;
  }
  await afterwards(runner, scenario, at, disk, result);
}

async function fillAt(
  runner: Runner,
  scenario: Counted,
  at: string,
  disk: string,
  point: Point,
  left: number,
): Promise<void> {
  const reset = (): Promise<void> => copyTree(scenario.of.template(scenario.template), at);
  const stopped = await Stopped.anew(reset, at, join(disk, '..', 'log'), scenario, point);
  fill(disk, left);
  const result = await stopped.goOn();
  runner.tally.add(rowOf(scenario), 'filled');
  rmSync(join(disk, FILLER));
  await afterwards(runner, scenario, at, disk, result);
}

/** Room was made again: a run that ended well is at its end, any other can be finished and taken back. */
async function afterwards(
  runner: Runner,
  scenario: Counted,
  at: string,
  disk: string,
  result: Result,
): Promise<void> {
  if (result.code === 0) {
    const reached = endState(scenario.of, at);
    if (reached !== scenario.success) throw new Violation([`on a full disk it ended as ${reached}`]);
    return;
  }
  if (!STOPPED.includes(result.code ?? -1) || !result.stderr.includes('ENOSPC'))
    throw new Violation([`on a full disk ${told('it', result)}`]);
  const slot = join(disk, '..');
  await recoverBothWays(runner, scenario, at, slot, () => Promise.resolve(at));
}
