/** Two at once: commands beside one that stands still, beside a foreign lock, and applies in a race. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demand, Violation } from '../violation.ts';
import { copyTree } from './cases.ts';
import { Stopped } from './inject.ts';
import { isLocked, observe } from './observe.ts';
import { finish, type Result, start } from './process.ts';
import { endState, told } from './recover.ts';
import { type Counted, fresh, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import type { Point } from './trace.ts';
import { differences } from './tree-parts.ts';

/** Locked, or unfinished: what a command says while another one is at work. */
const REFUSED = [5, 6];
/** A loser of a race may also find that the files have changed since its plan was made. */
const LOST = [3, 5, 6];
/** Or that the other one has carried its plan out. */
const APPLIED = /^Nothing to do: this plan was applied here already/;
const ROUNDS = { full: 12, quick: 3 };

/** Commands beside one that stands still at each of its points, as tasks. */
export function stopTasks(pool: TaskPool, scenario: Counted): Task[] {
  return pool.choose(scenario.points).map((point) => ({
    id: `${scenario.id}:stop:${point.index}`,
    row: rowOf(scenario),
    work: (slot) => stopAndDisturb(pool, scenario, point, slot),
  }));
}

async function stopAndDisturb(pool: TaskPool, scenario: Counted, point: Point, slot: string): Promise<void> {
  const { of } = scenario;
  const row = rowOf(scenario);
  const stopped = await Stopped.in(scenario, slot, point);
  const { at } = stopped;
  pool.tally.add(row, 'stopped');
  try {
    // What follows the last lock (the audit, freed space) is not part of the transaction any more.
    for (const command of isLocked(of, at) ? ['apply', 'resume', 'undo', 'purge'] : []) {
      const before = observe(of, at).tree;
      const result = await finish(of.words(command, at));
      if (!REFUSED.includes(result.code ?? -1)) throw new Violation(`beside it ${told(command, result)}`);
      demand(differences(before, observe(of, at).tree), `a refused ${command} changed something`);
      pool.tally.add(row, 'refused');
    }
  } catch (error) {
    await stopped.kill();
    throw error;
  }
  const result = await stopped.goOn();
  if (result.code !== 0) throw new Violation(`when it went on, ${told('it', result)}`);
  demandState(scenario.success, endState(of, at), 'when it had gone on');
}

function demandState(wanted: string, reached: string, when: string): void {
  if (reached !== wanted) throw new Violation(`the state is as ${reached} ${when}`);
}

/** Commands beside a living process that holds the engine's lock in one of the directories, as tasks. */
export function holderTasks(pool: TaskPool, scenario: Counted): Task[] {
  const count = scenario.of.lockedDirs('').length;
  return Array.from({ length: count }, (_, i) => ({
    id: `${scenario.id}:holder:${i + 1}`,
    row: rowOf(scenario),
    work: (slot: string) => besideHolder(pool, scenario, i, slot),
  }));
}

async function besideHolder(pool: TaskPool, scenario: Counted, index: number, slot: string): Promise<void> {
  const { of } = scenario;
  const at = await fresh(scenario, slot);
  // The node of this lock is this very script.
  const text = `PID: ${process.pid}\nTimestamp: ${new Date().toISOString().replace(/\.\d+Z$/, 'Z')}\n`;
  writeFileSync(join(of.lockedDirs(at)[index]!, 'litt.lock'), text);
  const before = observe(of, at).tree;
  const result = await finish(scenario.argv(at));
  if (result.code !== 5) throw new Violation(`beside a lock holder ${told('it', result)}`);
  demand(differences(before, observe(of, at).tree), 'beside a lock holder something was changed');
  pool.tally.add(rowOf(scenario), 'refused');
}

/** Two applies of one plan at once, as tasks. */
export function raceTasks(pool: TaskPool, scenario: Counted): Task[] {
  const rounds = pool.options.quick ? ROUNDS.quick : ROUNDS.full;
  return Array.from({ length: rounds }, (_, i) => ({
    id: `${scenario.id}:race:${i + 1}`,
    row: rowOf(scenario),
    work: (slot: string) => race(pool, scenario, slot),
  }));
}

async function race(pool: TaskPool, scenario: Counted, slot: string): Promise<void> {
  const { of } = scenario;
  const at = await fresh(scenario, slot);
  const both = [start(scenario.argv(at)), start(scenario.argv(at))];
  const results = await Promise.all(both.map(({ result }) => result));
  const losers = results.filter(({ code, stdout }) => LOST.includes(code ?? -1) || APPLIED.test(stdout));
  const winners = results.filter((result) => result.code === 0 && !losers.includes(result));
  if (winners.length !== 1 || losers.length !== 1) throw new Violation('two at once', ...tell(results));
  demandState('after', endState(of, at), 'when two had run at once');
  pool.tally.add(rowOf(scenario), 'raced');
  pool.tally.add(rowOf(scenario), 'refused');
  const other = join(slot, 'b');
  await copyTree(at, other);
  const undone = await finish(of.words('undo', other));
  if (undone.code !== 0) throw new Violation(`after two at once ${told('undo', undone)}`);
  demandState('before', endState(of, other), 'when a race had been undone');
}

const tell = (results: readonly Result[]): string[] => results.map((result) => told('one', result));
