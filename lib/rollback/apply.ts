/** Applying: the only place where a database changes. Takes a plan, changes exactly what it says, verifies. */
import { randomUUID } from 'node:crypto';
import { runSteps } from '../../streams/pipeline.ts';
import { ioError, RollbackError } from '../errors.ts';
import { readDatabase } from '../store/database.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import type { LockSet } from '../store/lock.ts';
import { rememberedSet, rememberSet } from '../store/root-memory.ts';
import type { FingerprintEntry, RollbackPlan, Step, TableOutcome } from '../types.ts';
import { verifyApplied } from './applied.ts';
import { compareFingerprints, fingerprintOf } from './fingerprint.ts';
import { lockDatabase } from './locks.ts';
import type { Progress } from './progress.ts';
import { StepExecutor } from './step-executor.ts';

/** How to apply. */
export interface ApplyOptions {
  /** Locks that the caller holds already, from lockDatabase(). */
  readonly locks?: LockSet | undefined;
  /** Looked at until the first step; from then on the run is finished. */
  readonly signal?: AbortSignal | undefined;
  /** Called right before the first step. */
  readonly onStart?: (() => void) | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What an apply did. */
export interface Outcome {
  readonly planId: string;
  readonly tables: readonly {
    readonly table: string;
    readonly outcome: TableOutcome;
    readonly recordsKept: number;
    readonly recordsRemoved: number;
  }[];
  /** Steps of the plan. */
  readonly steps: number;
  /** Steps that changed something. */
  readonly done: number;
  /** Steps whose result was there already. */
  readonly alreadyDone: number;
  /** Key and value bytes that went. */
  readonly bytesRemoved: number;
  readonly notices: readonly string[];
}

/**
 * Applies a plan and verifies the result.
 * @throws RollbackError ERR_PLAN_UNLOCKED, ERR_PLAN_STALE, ERR_PLAN_INVALID, ERR_LOCKED, ERR_INTERRUPTED:
 *   nothing was changed; ERR_IO (its text says what state is left), ERR_VERIFY_FAILED
 */
export async function applyPlan(plan: RollbackPlan, options: ApplyOptions = {}): Promise<Outcome> {
  refuseUnlocked(plan);
  if (options.locks !== undefined) return applyLocked(realFs, plan, options);
  const locks = await lockDatabase(plan.roots, plan.snapshotDir ?? undefined);
  let changed = false;
  try {
    const onStart = (): void => {
      changed = true;
      options.onStart?.();
    };
    return await applyLocked(realFs, plan, { ...options, onStart });
  } finally {
    if (changed) locks.release();
    else locks.restore();
  }
}

function refuseUnlocked(plan: RollbackPlan): void {
  if (!plan.unlocked) return;
  throw new RollbackError('ERR_PLAN_UNLOCKED', {
    what: 'This plan was made without the locks (--no-lock)',
    why: 'The database may have been in use while it was read, so the plan is approximate',
    next: 'Stop the node, make a new plan without --no-lock, and apply that one',
  });
}

async function applyLocked(fs: DurableFs, plan: RollbackPlan, options: ApplyOptions): Promise<Outcome> {
  const present = presentFingerprint(fs, plan);
  compareFingerprints(plan.fingerprint, present, plan.roots, plan.snapshotDir);
  const steps = plan.tables.flatMap((t) => t.steps);
  refuseForeignSteps(plan, steps, present);
  if (options.signal?.aborted === true) {
    const text = { what: 'Interrupted', why: 'Nothing was changed' };
    throw new RollbackError('ERR_INTERRUPTED', text, {}, options.signal.reason);
  }
  const counts = { done: 0, alreadyDone: 0 };
  if (steps.length > 0) {
    options.onStart?.();
    await carryOut(fs, plan, steps, counts, options);
    await verifyApplied(fs, plan, options.onProgress);
  }
  return outcomeOf(plan, steps.length, counts);
}

async function carryOut(
  fs: DurableFs,
  plan: RollbackPlan,
  steps: readonly Step[],
  counts: { done: number; alreadyDone: number },
  options: ApplyOptions,
): Promise<void> {
  const executor = new StepExecutor(fs, plan);
  let current = plan.roots[0] as string;
  try {
    await runSteps(steps, {
      execute: (step) => {
        current = executor.pathOf(step);
        if (executor.execute(step) === 'done') counts.done++;
        else counts.alreadyDone++;
      },
      onStep: (step) => {
        const done = counts.done + counts.alreadyDone;
        options.onProgress?.({ phase: 'apply', table: step.table, done, total: steps.length, unit: 'steps' });
      },
    });
    executor.flush();
    current = plan.roots[0] as string;
    rememberRoots(fs, plan);
    executor.emptyTrash();
  } catch (error) {
    const done = counts.done + counts.alreadyDone;
    const state =
      `${done} of ${steps.length} steps are done: the database is part-way, do not start the node. ` +
      'Repair the cause, then run the same rollback again: it finishes what is left';
    if (error instanceof RollbackError && error.kind !== 'system') {
      const text = { what: error.what, why: state, next: error.next };
      throw new RollbackError('ERR_UNFINISHED', text, error.place, error);
    }
    throw ioError(error, current, 'change a file', state);
  }
}

function rememberRoots(fs: DurableFs, plan: RollbackPlan): void {
  const memory = rememberedSet(fs, plan.roots);
  rememberSet(fs, plan.roots, memory.state === 'complete' ? memory.id : randomUUID());
}

function presentFingerprint(fs: DurableFs, plan: RollbackPlan): FingerprintEntry[] {
  const database = readDatabase(fs, plan.roots);
  const moved = database.roots.findIndex((root, i) => root !== plan.roots[i]);
  if (moved >= 0) {
    throw new RollbackError(
      'ERR_PLAN_STALE',
      {
        what: `A root of the plan leads to another directory now: ${database.roots[moved]}`,
        why: 'The plan was made for another database',
        next: 'Make a new plan, read it, and apply that one',
      },
      { path: plan.roots[moved] },
    );
  }
  const names = new Set(plan.tables.map((t) => t.table));
  const tables = database.tables.filter((t) => names.has(t.name));
  return fingerprintOf(fs, tables, plan.snapshotDir);
}

/** A plan file is input: its steps may name only files that reading the database has found. */
function refuseForeignSteps(
  plan: RollbackPlan,
  steps: readonly Step[],
  present: readonly FingerprintEntry[],
): void {
  const known = new Set(present.map((e) => `${e[0]}:${e[1]}`));
  for (const step of steps) {
    const { root, path } = step.file;
    const isDirectory = step.op === 'remove-directory' && path === `${step.table}/${step.reason}`;
    const isLink =
      step.op === 'remove-link' && root === 'snapshots' && path.startsWith(`${step.table}/segments/`);
    const isFile = step.op !== 'remove-link' && known.has(`${root}:${path}`);
    if (isDirectory || isLink || isFile) continue;
    throw new RollbackError(
      'ERR_PLAN_INVALID',
      {
        what: `The plan names ${path}, which is no file of the table`,
        why: 'This program did not write that step',
        next: 'Make a new plan, read it, and apply that one',
      },
      { table: step.table, path: plan.roots[typeof root === 'number' ? root : 0] },
    );
  }
}

function outcomeOf(
  plan: RollbackPlan,
  steps: number,
  counts: { done: number; alreadyDone: number },
): Outcome {
  const notices = [...plan.notices];
  for (const table of plan.tables) {
    if (table.snapshotCopies === null) continue;
    const { from, through } = table.snapshotCopies;
    notices.push(
      `table ${table.table}: copies pushed elsewhere must drop segments ${from} to ${through} too`,
    );
  }
  return {
    planId: plan.id,
    tables: plan.tables.map((t) => ({
      table: t.table,
      outcome: t.outcome,
      recordsKept: t.kept.records,
      recordsRemoved: t.removed.records,
    })),
    steps,
    ...counts,
    bytesRemoved: plan.tables.reduce((sum, t) => sum + t.removed.keyBytes + t.removed.valueBytes, 0),
    notices,
  };
}
