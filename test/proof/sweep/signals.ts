/** Signals a command at each of its mutating calls: before the first change it stops, afterwards it finishes. */
import { constants } from 'node:os';
import type { Tree } from '../../helpers/tree.ts';
import { demand, Violation } from '../violation.ts';
import { inject } from './inject.ts';
import { observe } from './observe.ts';
import { endState, told } from './recover.ts';
import { type Counted, fresh, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import type { Point } from './trace.ts';
import { differences } from './tree-parts.ts';

/** The signals that are sent. */
const SIGNALS = ['INT', 'TERM'] as const;
type Signal = (typeof SIGNALS)[number];

/** The signals of a sweep, as tasks. */
export function signalTasks(pool: TaskPool, scenario: Counted): Task[] {
  const begins = scenario.points.findIndex((point) => !isLocking(point));
  return pool.choose(scenario.points).flatMap((point, i) =>
    pool.alternate(SIGNALS, i).map((signal) => ({
      id: `${scenario.id}:${signal}:${point.index}`,
      row: rowOf(scenario),
      work: (slot: string) => signalAndLook(pool, scenario, point, signal, point.index <= begins, slot),
    })),
  );
}

/** Taking the locks changes nothing of the database. */
const isLocking = ({ paths }: Point): boolean =>
  paths.some((path) => /\/(litt\.lock|\.litt\.lock\.\d+-[^/]*-tmp)$/.test(path));

async function signalAndLook(
  pool: TaskPool,
  scenario: Counted,
  point: Point,
  signal: Signal,
  early: boolean,
  slot: string,
): Promise<void> {
  const { of } = scenario;
  const { at, result } = await inject(scenario, slot, point, `signal=${signal}`);
  pool.tally.add(rowOf(scenario), 'signalled');
  // Only an apply waits for a person and walks the database, so only it has a time in which it can be stopped.
  const stops = early && /^(apply|purge)/.test(scenario.name);
  if (!stops) {
    if (result.code !== 0) throw new Violation(`SIG${signal} at ${point.text}`, told('it', result));
    const reached = endState(of, at);
    if (reached !== scenario.success) throw new Violation(`SIG${signal}: it ended in the state ${reached}`);
    return;
  }
  const expected = 128 + constants.signals[`SIG${signal}`];
  if (result.code !== expected)
    throw new Violation(`SIG${signal} at ${point.text}: not ${expected}`, told('it', result));
  const untouched = observe(of, await fresh(scenario, `${slot}/untouched`)).tree;
  demand(differences(untouched, observe(of, at).tree satisfies Tree), `SIG${signal}: something was changed`);
}
