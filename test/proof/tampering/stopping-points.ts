/**
 * The states in which a database may be tampered with: one of each sort that the runs of a subject pass
 * through.
 */

import { join } from 'node:path';
import { crashCases, crashStates } from '../simulator/crash-states.ts';
import type { MemoryFs, OpLog } from '../simulator/memory-fs.ts';
import { markDead, type Observation, observe } from '../simulator/observe.ts';
import { applyRun, laterRuns, type Run, record } from '../simulator/runs.ts';
import { kindAt } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import { startEngine } from './engine-start.ts';
import { participantsOf, type StoppingPoint } from './stopping-point.ts';

/** One of so many states is tried as it is. */
const EVERY = 4;
/** How much of a run is told apart while it works on the steps. */
const PARTS = 3;

/** The points of every run: one of each sort, all others as they are, and some that a power cut may leave. */
export async function stoppingPointsOf(subject: Subject, crashPoints: number): Promise<StoppingPoint[]> {
  const apply = applyRun(subject);
  const applied = await record(apply);
  const later = laterRuns(subject, applied.end);
  // Any start of the node changes the log-index, and undo is refused then.
  const mayStart = subject.plan.logIndex?.step == null;
  const started = later
    .filter((run) => mayStart && run.name === 'undo')
    .map((run) => afterStart(subject, run));
  const points: StoppingPoint[] = [];
  for (const run of [apply, ...later, ...started]) {
    const { log } = run === apply ? applied : await record(run);
    const of = { subject, applied: run === apply ? applied.end : run.from };
    points.push(...pointsOfRun(of, run.name, log), ...crashedPoints(of, run.name, log, crashPoints));
  }
  return points;
}

type Of = Pick<StoppingPoint, 'subject' | 'applied'>;

/** What an engine has left that was started and stopped again is cleared away first. */
function afterStart(subject: Subject, run: Run): Run {
  const from = run.from.clone();
  startEngine(from, subject);
  return { ...run, name: 'undo after a start', from };
}

/** Keeps one state for each sort: the latest, because it has the most to lose. Goes from the end backward. */
function pointsOfRun(of: Of, run: string, log: OpLog): StoppingPoint[] {
  const { subject } = of;
  const states = Array.from({ length: log.ops.length + 1 }, (_, k) => {
    const [fs] = crashStates(log, k, { sample: 0, singles: 0, seed: 1 });
    if (fs === undefined) throw new Error('there is no state');
    markDead(fs, subject);
    return { fs, k, seen: observe(fs, subject) };
  });
  const working = states.filter(({ seen }) => isWorking(seen)).map(({ k }) => k);
  const sorts = new Set<string>();
  return states.reverse().flatMap(({ fs, k, seen }): StoppingPoint[] => {
    const { phase, backward, areas } = seen;
    const isEnd = k === log.ops.length;
    const third = Math.floor((working.indexOf(k) * PARTS) / working.length);
    const isApplied = isEnd && areas.some((a) => a.undo);
    const way = isApplied ? 'applied' : phase === 'open' ? `${run} ${third < 0 ? 'ending' : 'working'}` : '';
    const inRun = `${run} ${phase} ${backward} ${isEnd}`;
    const sort = `${inRun} ${sortOf(subject, fs)} ${third} ${seen.unlocked.length}`;
    const name = `${run}, ${k} of ${log.ops.length} operations`;
    if (!sorts.has(sort)) {
      sorts.add(sort);
      return [{ ...of, name, fs, way, part: `${way} ${third}`, phase: inRun, sort }];
    }
    return k % EVERY === 0 ? [{ ...of, name, fs, way: '', part: '', phase: '', sort: '' }] : [];
  });
}

/** Whether the steps, or the inverse ones, are under way. */
const isWorking = ({ phase, backward, areas }: Observation): boolean =>
  phase === 'open' && !areas.some(({ marks }) => (backward ? marks.undone : marks.done));

function crashedPoints(of: Of, run: string, log: OpLog, crashPoints: number): StoppingPoint[] {
  const { length } = log.ops;
  return Array.from({ length: crashPoints }, (_, i) =>
    Math.floor(((i + 1) * length) / (crashPoints + 1)),
  ).flatMap((k) =>
    [...crashCases(log, k, { sample: 1, singles: 1, seed: 1 })].map(
      ({ state: fs, describe }): StoppingPoint => {
        markDead(fs, of.subject);
        const name = `${run}, crashed after ${k} of ${length} operations: ${describe().join('; ')}`;
        return { ...of, name, fs, way: '', part: '', phase: '', sort: '' };
      },
    ),
  );
}

/** How many areas have which documents and marks, and whether anything is kept. */
function sortOf(subject: Subject, fs: MemoryFs): string {
  const counts = new Map<string, number>();
  for (const dir of participantsOf(subject)) {
    const own = join(dir, '.litt-rollback');
    if (kindAt(fs, own) !== 'directory') continue;
    for (const [path] of entriesBelow(fs, own)) {
      const name = path.replace(/^[0-9a-f-]{36}\/?/, '').replace(/^kept\/.*$/, 'kept/');
      if (/^(runner|\.|audit|root-set)|\/./.test(name) && name !== 'kept/') continue;
      counts.set(name, name === 'kept/' ? 1 : (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts].sort().join(' ');
}
