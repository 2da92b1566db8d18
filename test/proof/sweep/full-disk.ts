/** Applies on a file system that is full, or becomes full while the command works. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demand, Violation } from '../violation.ts';
import { copyTree } from './cases.ts';
import { Stopped } from './inject.ts';
import { recoverBothWays } from './kill.ts';
import { mountMemory, unmount } from './mounts.ts';
import { observe } from './observe.ts';
import { finish, type Result, tool } from './process.ts';
import { endState, resume, told } from './recover.ts';
import { type Counted, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import { isFreeing, type Point } from './trace.ts';
import { differences } from './tree-parts.ts';

/** Room besides the database itself, until something fills it (bytes). */
const ROOM = 16 * 1024 * 1024;
/** What is left when a command begins (bytes): around what the preflight asks for. */
const LEVELS = [0, 4096, 65_536, 1_000_000, 1_060_000, 1_100_000, 1_200_000, 2_000_000];
/** What is left when the disk fills up while it works (bytes). */
const LEFT = [0, 4096, 16_384];
const FILLER = 'filler';
/** Done, but for space that `resume` frees; the lines may be broken anywhere. */
const STILL_HELD = /space\s+of\s+what\s+is\s+no\s+longer\s+needed\s+is\s+still\s+held/;
/** Refused beforehand; nothing was changed. */
const REFUSED = 3;
/** Part-way, or refused by the system. */
const STOPPED = [6, 7];

/** Every fill level, and every point at which the disk becomes full, as tasks. */
export function fullDiskTasks(pool: TaskPool, scenario: Counted): Task[] {
  const row = rowOf(scenario);
  const beginning = LEVELS.map((level) => ({
    id: `${scenario.id}:level:${level}`,
    row,
    work: (slot: string) => onDisk(slot, scenario, (at, disk) => fromLevel(pool, scenario, at, disk, level)),
  }));
  const points = pool.choose(scenario.points.filter((point) => !isFreeing(point)));
  const during = points.map((point, i) => ({
    id: `${scenario.id}:full:${point.index}`,
    row,
    work: (slot: string) =>
      onDisk(slot, scenario, (at, disk) => fillAt(pool, scenario, at, disk, point, LEFT[i % LEFT.length]!)),
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
  pool: TaskPool,
  scenario: Counted,
  at: string,
  disk: string,
  level: number,
): Promise<void> {
  fill(disk, level);
  await afterwards(pool, scenario, at, disk, await finish(scenario.argv(at)));
}

async function fillAt(
  pool: TaskPool,
  scenario: Counted,
  at: string,
  disk: string,
  point: Point,
  left: number,
): Promise<void> {
  const reset = (): Promise<void> => copyTree(scenario.of.template(scenario.template), at);
  const stopped = await Stopped.exactlyAt(reset, at, join(disk, '..', 'log'), scenario, point);
  fill(disk, left);
  await afterwards(pool, scenario, at, disk, await stopped.goOn());
}

/** Room is made again: a run that ended well is at its end, any other was refused, or can be finished and taken back. */
async function afterwards(
  pool: TaskPool,
  scenario: Counted,
  at: string,
  disk: string,
  result: Result,
): Promise<void> {
  const { of, template, success } = scenario;
  rmSync(join(disk, FILLER));
  pool.tally.add(rowOf(scenario), 'filled');
  if (result.code === 0) {
    if (STILL_HELD.test(result.stdout)) await resume(of, at, observe(of, at), scenario.ends);
    const reached = endState(of, at);
    if (reached !== success) throw new Violation(`on a full disk it ended as ${reached}`);
    return;
  }
  // Not even the lock may find room: then the system refuses, and nothing was changed either.
  const changes = differences(observe(of, of.template(template)).tree, observe(of, at).tree);
  if (result.code === REFUSED || (result.code === 7 && changes.length === 0)) {
    demand(changes, `refused, but changed. ${told('it', result)}`);
    pool.tally.add(rowOf(scenario), 'refused');
    return;
  }
  if (!STOPPED.includes(result.code ?? -1) || !result.stderr.includes('ENOSPC'))
    throw new Violation(`on a full disk ${told('it', result)}`);
  const slot = join(disk, '..');
  await recoverBothWays(pool, scenario, at, slot, () => Promise.resolve(at));
}
