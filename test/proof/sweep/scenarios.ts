/** Everything that is swept of one database, and how its points are counted. */
import { dirname, join } from 'node:path';
import { copyTree, type SweepCase } from './cases.ts';
import { leaveIdleStart } from './idle-start.ts';
import { killIn } from './inject.ts';
import { observe } from './observe.ts';
import { finish } from './process.ts';
import { ANY_END, endState, told } from './recover.ts';
import { type Counted, fresh, type Scenario } from './scenario.ts';
import type { TaskPool } from './task-pool.ts';
import { countPoints, type Point } from './trace.ts';

const COUNT_ATTEMPTS = 6;

/** Runs a scenario undisturbed, checks its result, and lists its points. */
export async function count(pool: TaskPool, scenario: Scenario): Promise<Counted> {
  const { of, success, name } = scenario;
  const dir = pool.freshDir();
  const { at, result, points } = await twiceTheSame(scenario, dir);
  if (result.code !== 0) throw new Error(`${of.name}:${name} undisturbed: ${told('it', result)}`);
  if (name === 'apply') {
    of.learn(at);
    await copyTree(at, of.template('after'));
  }
  const reached = endState(of, at);
  if (reached !== success) throw new Error(`${of.name}:${name} undisturbed ended in the state ${reached}`);
  pool.tally.add(`${of.name}: ${name}`, 'calls', points.length);
  return { ...scenario, points, id: `${of.name}:${name}` };
}

/** The runtime itself now and then makes one call more or fewer: two runs in a row must agree. */
async function twiceTheSame(scenario: Scenario, dir: string) {
  let last = '';
  for (let attempt = 0; attempt < COUNT_ATTEMPTS; attempt++) {
    const at = await fresh(scenario, dir);
    const counted = await countPoints(scenario.argv(at), join(dir, 'log'), at);
    const now = counted.points.map((p) => `${p.nth} ${p.text}`).join('\n');
    if (now === last) return { at, ...counted };
    last = now;
  }
  throw new Error(`${scenario.of.name}:${scenario.name}: no two runs make the same calls`);
}

/** The scenarios that begin with an untouched database. */
export function applying(of: SweepCase): Scenario[] {
  const base = { of, template: 'before', ends: ANY_END, success: 'after' } as const;
  const saved = (at: string): string => join(at, '..', 'plan.json');
  return [
    { ...base, name: 'apply', argv: (at) => of.words('apply', at) },
    {
      ...base,
      name: 'apply-saved',
      prepare: async (at) => {
        const planned = await finish(of.words('plan', at, '--out', saved(at)));
        if (planned.code !== 0) throw new Error(told('plan', planned));
      },
      argv: (at) => of.savedWords(saved(at)),
    },
    {
      ...base,
      name: 'apply-no-undo',
      argv: (at) => of.words('apply', at, '--no-undo'),
      ends: { resume: ['before', 'after'], undo: ['before', 'after'] },
    },
  ];
}

/** The scenarios that begin with a finished rollback. */
export function afterwards(of: SweepCase): Scenario[] {
  const base = { of, template: 'after' } as const;
  return [
    { ...base, name: 'undo', argv: (at) => of.words('undo', at), ends: ANY_END, success: 'before' },
    {
      ...base,
      name: 'undo-after-start',
      prepare: async (at) => leaveIdleStart(of, at),
      argv: (at) => of.words('undo', at),
      ends: ANY_END,
      success: 'before',
      byInode: true,
    },
    {
      ...base,
      name: 'purge',
      argv: (at) => of.words('purge', at),
      ends: { resume: ['after'], undo: ['before', 'after'], partlyFreed: true },
      success: 'after',
      purges: true,
    },
  ];
}

/** Scenarios that recover from a crash of another one, at the given points. */
export async function recovering(
  pool: TaskPool,
  first: Counted,
  points: readonly Point[],
  command: 'resume' | 'undo',
): Promise<Scenario[]> {
  const scenarios: Scenario[] = [];
  for (const point of points) {
    const name = `${first.name}@${point.index}+${command}`;
    if (!pool.wants(`${first.of.name}:${name}`)) continue;
    const at = await killIn(first, pool.freshDir(), point);
    const template = `${first.name}@${point.index}`;
    await copyTree(at, first.of.template(template));
    const scenario = recoveringFrom(first, name, template, command);
    if (scenario !== null)
      scenarios.push(first.byInode ? { ...scenario, ...crashedAnew(first, point) } : scenario);
  }
  return scenarios;
}

/** The crashed state made again wherever it is needed: a copy of it has other inodes than those that it names. */
function crashedAnew(first: Counted, point: Point): Pick<Scenario, 'prepare' | 'byInode'> {
  return {
    prepare: async (at) => {
      await killIn(first, dirname(at), point);
    },
    byInode: true,
  };
}

/** What may come of recovering from one crashed state; null where the command has nothing to do. */
function recoveringFrom(
  first: Counted,
  name: string,
  template: string,
  command: 'resume' | 'undo',
): Scenario | null {
  const { of } = first;
  const { open, committed, undoing } = observe(of, of.template(template));
  if (!open || (command === 'undo' && !committed)) return null;
  const forward = committed && !undoing && command === 'resume';
  const back = undoing || !committed;
  return {
    of,
    name,
    template,
    argv: (at) => of.words(command, at),
    success: forward ? 'after' : 'before',
    ends: {
      resume: forward ? ['after'] : back ? ['before'] : ['before', 'after'],
      // Finished without anything kept, it can no longer be taken back.
      undo: forward && first.name === 'apply-no-undo' ? ['before', 'after'] : ['before'],
    },
  };
}
