/** The runs of one subject that are crashed: each from the state that it begins in, and what it promises. */
import { basename } from 'node:path';
import { applyWith } from '../../../lib/apply/apply.ts';
import { purgeWith } from '../../../lib/recover/purge.ts';
import { resumeWith } from '../../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../../lib/recover/undo.ts';
import type { DurableFs } from '../../../lib/store/durable-fs.ts';

import { acquireLocks, type LockSet } from '../../../lib/store/lock.ts';
import { Random } from '../random.ts';

import { crashStates } from './crash-states.ts';
import type { Fault } from './faulty-fs.ts';
import { FaultyFs } from './faulty-fs.ts';
import type { End, Invariants, Promised } from './invariants.ts';
import type { MemoryFs, OpLog } from './memory-fs.ts';
import { locksAndBolts, markDead, type Observation, observe, textAt } from './observe.ts';
import type { Subject } from './subject.ts';

/** Something that is crashed. */
export interface Run {
  readonly name: string;
  readonly from: MemoryFs;
  readonly work: (fs: DurableFs) => Promise<unknown>;
  readonly promised: Promised;
  /** What a killed run has done, and what may still be lost of it; null when all of `from` is durable. */
  readonly history: OpLog | null;
  /** The database after its locks and bolts were removed by hand. */
  readonly bare: string | null;
  /** What goes wrong in it without making it fail. */
  readonly fault?: Fault;
}

/** What a run did. */
export interface Recording {
  readonly log: OpLog;
  /** Where in the log it begins. */
  readonly begins: number;
  readonly end: MemoryFs;
  readonly ops: FaultyFs['ops'];
}

/** Carries a run out on a copy, with something wrong or not. */
export async function record(run: Run, fault: Fault = {}): Promise<Recording> {
  const end = run.from.clone();
  const own = end.record();
  const fs = new FaultyFs(end, { ...run.fault, ...fault });
  await run.work(fs);
  fs.settle();
  const { history } = run;
  const log = history === null ? own : { start: history.start, ops: [...history.ops, ...own.ops] };
  return { log, begins: history?.ops.length ?? 0, end, ops: fs.ops };
}

/** A rollback that is applied. */
export function applyRun(subject: Subject): Run {
  const { plan, keepUndo, start } = subject;
  return {
    name: 'apply',
    from: start,
    history: null,
    bare: null,
    work: locked(subject, (fs, locks) => applyWith(fs, plan, locks, { keepUndo })),
    promised: { end: 'after', kept: keepUndo ? 'all' : 'nothing', action: 'apply', remembered: true },
  };
}

/** The runs that may follow when it has ended. */
export function laterRuns(subject: Subject, applied: MemoryFs): Run[] {
  if (!subject.keepUndo) return [];
  const { roots, snapshotDir } = subject;
  const nothing = { kept: 'nothing', remembered: true } as const;
  return [
    {
      name: 'undo',
      from: applied,
      history: null,
      bare: null,
      work: locked(subject, (fs, locks) => undoWith(fs, roots, locks, { snapshotDir })),
      promised: { ...nothing, end: 'before', action: 'undo' },
    },
    {
      name: 'purge',
      from: applied,
      history: null,
      bare: null,
      work: locked(subject, async (fs, { dirs }) => purgeWith(fs, dirs)),
      promised: { ...nothing, end: 'after', action: 'purge' },
    },
  ];
}

/** An interrupted run. */
export interface Interruption {
  readonly name: string;
  readonly left: MemoryFs;
  readonly history: OpLog | null;
  readonly bare: string | null;
}

/** The runs that recover from an interrupted one. */
export function recoveries(subject: Subject, { name, left, history, bare }: Interruption): Run[] {
  const { roots, snapshotDir } = subject;
  const from = left.clone();
  if (history === null) markDead(from, subject);
  const seen = observe(from, subject);
  const options = { snapshotDir };
  const base = { from, history, bare: bare === null ? null : seen.data };
  const resume: Run = {
    ...base,
    name: `resume after ${name}`,
    work: (fs) => resumeWith(fs, roots, options),
    promised: promisedBy(subject, seen),
  };
  const undo: Run = {
    ...base,
    name: `undo after ${name}`,
    work: (fs) => undoOpen(fs, roots, options),
    promised: { end: 'before', kept: 'nothing', action: 'undo', remembered: false },
  };
  return seen.phase === 'open' || seen.phase === 'over' ? [resume, undo] : [resume];
}

/** What resume promises where it finishes something, and where there is nothing left to do but to clear away. */
function promisedBy(subject: Subject, { phase, backward, data }: Observation): Promised {
  const { keepUndo } = subject;
  if (phase === 'open' || (phase === 'over' && !backward)) {
    const kept = keepUndo && !backward ? 'all' : 'nothing';
    return { end: backward ? 'before' : 'after', kept, action: 'resume', remembered: !backward };
  }
  const end = data === observe(subject.start, subject).data ? 'before' : 'after';
  const kept = phase === 'none' && keepUndo ? null : 'nothing';
  return { end, kept, action: phase === 'over' ? 'resume' : null, remembered: false };
}

/**
 * Interruptions of an unfinished run: `count` of them, at places spread over it. In turn: the power goes; the
 * process is killed, and its changes are not yet durable; the power goes, and every lock and bolt is removed by
 * hand.
 */
export function interrupted(
  subject: Subject,
  run: Run,
  { log }: Recording,
  count: number,
  seed: number,
): Interruption[] {
  const random = new Random(seed, 'interruptions', log.ops.length);
  const places = [...log.ops.keys(), log.ops.length].filter((k) => isUnfinished(subject, log, k));
  const offset = random.below(3);
  const stride = Math.max(1, places.length / count);
  return Array.from({ length: Math.min(count, places.length) }, (_, i) => {
    const k = places[Math.floor(i * stride) + random.below(Math.floor(stride))] as number;
    const ways = [kill, removeFences, crash].slice((i + offset) % 3);
    const made = [...ways, crash].map((way) => way(subject, run, log, k, random));
    return made.find((one) => one !== null) as Interruption;
  });
}

/** Kills right before each sort of sync of a run: what that would have kept is there and not durable. */
export function killed(subject: Subject, run: Run, { log }: Recording, known: Set<string>): Interruption[] {
  return [...log.ops.keys()].flatMap((k) => {
    const [op, last] = [log.ops[k], log.ops[k - 1]];
    if (op?.op !== 'sync' || last === undefined) return [];
    const name = last.op === 'rename' ? last.newPath : last.path;
    const sort = `${run.name}: ${last.op} ${basename(name).replaceAll(/[0-9a-f]{8}-[-0-9a-f]*|\d+/g, 'N')}`;
    if (known.has(sort) || !isUnfinished(subject, log, k)) return [];
    const killedHere = kill(subject, run, log, k);
    if (killedHere === null) return [];
    known.add(sort);
    return killedHere;
  });
}

const isUnfinished = (subject: Subject, log: OpLog, k: number): boolean =>
  observe(stateAt(log, k, null), subject).traces.length > 0;

function placeIn(run: Run, log: OpLog, k: number): string {
  return `${run.name}, ${k} of ${log.ops.length} operations`;
}

/** The process dies; null while it holds a lock that names it, which no other process has in this simulation. */
function kill(subject: Subject, run: Run, log: OpLog, k: number): Interruption | null {
  const left = stateAt(log, k, null);
  const mine = `PID: ${process.pid}\n`;
  if (subject.lockedDirs.some((dir) => textAt(left, `${dir}/litt.lock`)?.includes(mine))) return null;
  const history = { start: log.start, ops: log.ops.slice(0, k) };
  return { name: `a kill of ${placeIn(run, log, k)}`, left, history, bare: null };
}

/** The power goes, and the locks and bolts that keep the engine out are removed by hand. */
function removeFences(subject: Subject, run: Run, log: OpLog, k: number): Interruption | null {
  const left = stateAt(log, k, null);
  const { phase } = observe(left, subject);
  if (phase !== 'open' && phase !== 'over') return null;
  for (const path of locksAndBolts(left, subject)) left.unlink(path);
  return {
    name: `a crash of ${placeIn(run, log, k)}, locks and bolts removed`,
    left,
    history: null,
    bare: '',
  };
}

function crash(_: Subject, run: Run, log: OpLog, k: number, random: Random): Interruption {
  return {
    name: `a crash of ${placeIn(run, log, k)}`,
    left: stateAt(log, k, random),
    history: null,
    bare: null,
  };
}

/** The state after `k` operations, all of which survived; or another state with work left to do. */
function stateAt(log: OpLog, k: number, random: Random | null): MemoryFs {
  const [whole, ...others] = crashStates(log, k, { sample: random === null ? 0 : 2, singles: 0, seed: 1 });
  return (random === null || others.length === 0 ? whole : others[random.below(others.length)]) as MemoryFs;
}

/** Where recovering from a state must lead; undo's is null where it has nothing to do, and may change nothing. */
export function wayOut(
  subject: Subject,
  seen: Observation,
  invariants: Invariants,
): { resume: End | null; undo: End | null } {
  const where = invariants.endOf(seen);
  if (seen.phase === 'open' || seen.phase === 'over') {
    return { resume: seen.backward ? 'before' : 'after', undo: 'before' };
  }
  // The snapshot directory takes part also where no step lies there: undo puts its bounds back.
  const members = subject.roots.length + (subject.snapshotDir === undefined ? 0 : 1);
  const isKept = subject.keepUndo && seen.areas.length === members && seen.areas.every((a) => a.undo);
  return { resume: where, undo: isKept ? 'before' : null };
}

/** Does it under the locks, as a command does. */
function locked(
  subject: Subject,
  work: (fs: DurableFs, locks: LockSet) => Promise<unknown>,
): (fs: DurableFs) => Promise<void> {
  return async (fs) => {
    const locks = acquireLocks(fs, subject.lockedDirs);
    await work(fs, locks);
    locks.release();
  };
}
