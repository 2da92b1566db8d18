/** The runs of one subject that are crashed: each from the state that it begins in, and what it promises. */
import { applyWith } from '../../lib/rollback/apply.ts';
import { purgeWith } from '../../lib/rollback/purge.ts';
import { resumeWith } from '../../lib/rollback/resume.ts';
import { undoOpen, undoWith } from '../../lib/rollback/undo.ts';
import type { DurableFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks } from '../../lib/store/lock.ts';
import { crashStates } from '../../test/helpers/sim/crash-states.ts';
import type { Fault } from '../../test/helpers/sim/faulty-fs.ts';
import { FaultyFs } from '../../test/helpers/sim/faulty-fs.ts';
import type { MemoryFs, OpLog } from '../../test/helpers/sim/memory-fs.ts';
import { Random } from '../../test/helpers/sim/random.ts';
import type { Claims, End, Promised } from './claims.ts';
import { bury, type Look, look } from './judge.ts';
import type { Subject } from './subject.ts';

/** Something that is crashed. */
export interface Run {
  readonly name: string;
  readonly from: MemoryFs;
  readonly work: (fs: DurableFs) => Promise<unknown>;
  readonly promised: Promised;
}

/** What a run did. */
export interface Recording {
  readonly log: OpLog;
  readonly end: MemoryFs;
  readonly ops: FaultyFs['ops'];
}

/** Carries a run out on a copy, with something wrong or not. */
export async function record(run: Run, fault: Fault = {}): Promise<Recording> {
  const end = run.from.clone();
  const log = end.record();
  const fs = new FaultyFs(end, fault);
  await run.work(fs);
  fs.settle();
  return { log, end, ops: fs.ops };
}

/** A rollback that is applied. */
export function applyRun(subject: Subject): Run {
  const { plan, keepUndo, start } = subject;
  return {
    name: 'apply',
    from: start,
    work: locked(subject, (fs, dirs) => applyWith(fs, plan, dirs, { keepUndo })),
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
      work: locked(subject, (fs, dirs) => undoWith(fs, roots, dirs, { snapshotDir })),
      promised: { ...nothing, end: 'before', action: 'undo' },
    },
    {
      name: 'purge',
      from: applied,
      work: locked(subject, async (fs, dirs) => purgeWith(fs, dirs)),
      promised: { ...nothing, end: 'after', action: 'purge' },
    },
  ];
}

/** The runs that recover from an interrupted one, each from one state that it may leave. */
export function recoveries(subject: Subject, name: string, left: MemoryFs): Run[] {
  const { roots, snapshotDir, keepUndo } = subject;
  const from = left.clone();
  bury(from, subject);
  const seen = look(from, subject);
  const options = { snapshotDir };
  // Of an undo that is over nothing is left but to clear away.
  const isOver = seen.phase === 'over' && seen.backward;
  const end = seen.backward ? 'before' : 'after';
  const kept = seen.backward || !keepUndo ? 'nothing' : 'all';
  const resume: Run = {
    name: `resume after ${name}`,
    from,
    work: (fs) => resumeWith(fs, roots, options),
    promised: { end, kept, action: isOver ? null : 'resume', remembered: !seen.backward },
  };
  const undo: Run = {
    name: `undo after ${name}`,
    from,
    work: (fs) => undoOpen(fs, roots, options),
    promised: { end: 'before', kept: 'nothing', action: isOver ? null : 'undo', remembered: false },
  };
  return [resume, undo];
}

/** States of an interrupted run from which recovery has something to do; `count` of them, at places spread over it. */
export function interrupted(subject: Subject, log: OpLog, count: number, seed: number): MemoryFs[] {
  const found: MemoryFs[] = [];
  const random = new Random(seed, log.ops.length);
  for (let k = 0; k <= log.ops.length; k++) {
    const [whole, ...others] = crashStates(log, k, { sample: 1, singles: 1, seed });
    const state = random.chance(50) ? whole : others[random.next(Math.max(1, others.length))];
    const { phase } = look(state ?? (whole as MemoryFs), subject);
    if (phase === 'open' || phase === 'over') found.push(state ?? (whole as MemoryFs));
  }
  const stride = Math.max(1, (found.length - 1) / Math.max(1, count - 1));
  return Array.from(
    { length: Math.min(count, found.length) },
    (_, i) => found[Math.round(i * stride)] as MemoryFs,
  );
}

/** Where recovering from a state must lead; undo's is null where it has nothing to do, and may change nothing. */
export function wayOut(
  subject: Subject,
  seen: Look,
  claims: Claims,
): { resume: End | null; undo: End | null } {
  const where = claims.endOf(seen);
  if (seen.phase === 'open' || seen.phase === 'over') {
    return { resume: seen.backward ? 'before' : 'after', undo: 'before' };
  }
  const inSnapshots = subject.plan.tables.some((t) => t.steps.some((s) => s.file.root === 'snapshots'));
  const members = subject.roots.length + (inSnapshots ? 1 : 0);
  const isKept = subject.keepUndo && seen.areas.length === members && seen.areas.every((a) => a.undo);
  return { resume: where, undo: isKept ? 'before' : null };
}

/** Does it under the locks, as a command does. */
function locked(
  subject: Subject,
  work: (fs: DurableFs, dirs: readonly string[]) => Promise<unknown>,
): (fs: DurableFs) => Promise<void> {
  return async (fs) => {
    const locks = acquireLocks(fs, subject.lockedDirs);
    await work(fs, locks.dirs);
    locks.release();
  };
}
