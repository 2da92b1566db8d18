/**
 * Applying: takes a plan, changes exactly what it says as one transaction, and verifies the result. Until the
 * intent is durable in every root nothing is changed. From then on a crash leaves the database shut, until
 * resume finishes the transaction or undo reverts it.
 */
import { RollbackError, withIoErrors } from '../errors.ts';
import { Callbacks, withPostponed } from '../input/callbacks.ts';
import { is, refuseUnless } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';
import { audited, lineOf } from '../journal/audit.ts';
import { asCall, type Call } from '../journal/claim.ts';
import { finishRun } from '../journal/finish-run.ts';
import { type HeldDirs, heldDirs, refuseIntruders } from '../journal/intruders.ts';
import { Participants, usesSnapshotDir } from '../journal/participants.ts';
import { NO_STEPS } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { fingerprintOfLogIndex } from '../logindex/files.ts';
import { digestOf, wasReadBack } from '../plan/digest.ts';
import { compareFingerprints, fingerprintOf } from '../plan/fingerprint.ts';
import { firstProblem, planSchema } from '../plan/schema.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import { refuseLinkedParents } from '../plan/step-paths.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { readPlanned } from '../store/home.ts';
import type { LockSet } from '../store/lock.ts';
import { withLocks } from '../store/lock-database.ts';
import { refuseAborted } from '../store/reading.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Table } from '../store/types.ts';
import type { FingerprintEntry, Progress, RollbackPlan } from '../types.ts';
import { beginIntent } from './begin-intent.ts';
import { refuseOtherRewind } from './check-log-index.ts';
import { refuseChangedFiles, refuseImplausiblePlan } from './check-plan.ts';
import { earlierApply, earlierToText } from './earlier-apply.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { preflight } from './preflight.ts';
import { rollForward } from './roll-forward.ts';

/** How to apply. */
export interface ApplyOptions {
  /** Locks that the caller holds already, from lockDatabase(). */
  readonly locks?: LockSet | undefined;
  /** Whether removed data is kept for undo until it is purged; default true. */
  readonly keepUndo?: boolean | undefined;
  /** Stops the run until the first change; from then on the run is finished. */
  readonly signal?: AbortSignal | undefined;
  /** Called right before the first change; an async one is awaited. When it throws, nothing is changed. */
  readonly onStart?: (() => unknown) | undefined;
  /** A callback that throws after the first change stops nothing: the outcome's notices report it. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What the options of an apply must be. */
export const APPLY_CHECKS: OptionChecks<ApplyOptions> = {
  locks: is.locks,
  keepUndo: is.boolean,
  signal: is.signal,
  onStart: is.function,
  onProgress: is.function,
};

/**
 * Applies a plan and verifies the result.
 * @throws RollbackError ERR_USAGE, ERR_PLAN_UNLOCKED, ERR_PLAN_STALE, ERR_PLAN_INVALID, ERR_PREFLIGHT,
 * ERR_LOCKED, ERR_INTERRUPTED, ERR_CALLBACK_FAILED (onStart): nothing was changed; ERR_UNFINISHED, ERR_IO,
 * ERR_RESULT_WRONG: the database is shut, run resume or undo
 */
export async function applyPlan(plan: RollbackPlan, options: ApplyOptions = {}): Promise<Outcome> {
  refuseUnless(is.plan, 'plan', plan);
  refuseBadOptions('applyPlan', options, APPLY_CHECKS);
  refuseUnlocked(plan);
  refuseEdited(plan);
  if (options.locks !== undefined) return applyWith(realFs, plan, options.locks, options);
  return withLocks(plan.roots, plan.snapshotDir ?? undefined, (locks, changesBegin) =>
    applyWith(realFs, plan, locks, options, changesBegin),
  );
}

function refuseEdited(plan: RollbackPlan): void {
  if (wasReadBack(plan) || digestOf(plan) === plan.digest) return;
  throw new RollbackError('ERR_PLAN_INVALID', {
    what: 'The plan was changed after it was made (digest mismatch)',
    why: 'Carrying it out could destroy the database',
    next: 'Make a new plan, and apply that one as it is',
  });
}

/** @throws RollbackError ERR_PLAN_UNLOCKED */
export function refuseUnlocked(plan: Pick<RollbackPlan, 'unlocked'>): void {
  if (!plan.unlocked) return;
  throw new RollbackError('ERR_PLAN_UNLOCKED', {
    what: 'This plan was made without the locks (--no-lock)',
    why: 'The database may have been in use while it was read, so the plan is approximate',
    next: 'Stop the node, make a new plan without --no-lock, and apply that one',
  });
}

/**
 * Applies a plan on any file system; the caller holds the locks.
 * @throws RollbackError as applyPlan
 */
export async function applyWith(
  fs: DurableFs,
  plan: RollbackPlan,
  locks: HeldDirs,
  options: ApplyOptions = {},
  changesBegin: () => void = () => {},
): Promise<Outcome> {
  return withIoErrors(plan.roots[0] as string, 'look at the database', () =>
    checkAndApply(fs, plan, locks, options, changesBegin),
  );
}

async function checkAndApply(
  fs: DurableFs,
  plan: RollbackPlan,
  locks: HeldDirs,
  options: ApplyOptions,
  changesBegin: () => void,
): Promise<Outcome> {
  const { tables, present } = currentFiles(fs, plan);
  const steps = stepsOfPlan(plan);
  refuseImplausiblePlan(plan, tables, present);
  await refuseOtherRewind(fs, plan, options.signal);
  const keepUndo = options.keepUndo ?? true;
  if (steps.length === 0) return outcomeOf(plan, NO_STEPS, false, []);
  const snapshotDir = usesSnapshotDir(plan) ? plan.snapshotDir : null;
  const logIndex = plan.logIndex?.step == null ? null : plan.logIndex;
  const participants = new Participants(plan.id, plan.roots, snapshotDir, logIndex);
  const context: TransactionContext = {
    fs,
    participants,
    plan,
    lockedDirs: participants.locksOf(heldDirs(locks).dirs),
    bounds: null,
    ownsLock: heldDirs(locks).owns,
  };
  for (const step of steps) refuseLinkedParents(fs, participants.base(step.file.root), [step.file.path]);
  refuseChangedFiles(fs, participants, steps);
  refuseUnreadablePlan(plan);
  preflight(context);
  const callbacks = new Callbacks();
  const onProgress = callbacks.guard('onProgress', options.onProgress);
  refuseAborted(options.signal);
  refuseIntruders(context);
  const started = options.onStart && callbacks.call('onStart', options.onStart);
  if (started !== undefined) {
    await started;
    callbacks.throwIfFailed();
    refuseAborted(options.signal);
  }
  changesBegin();
  callbacks.postpone();
  return withPostponed(callbacks, () =>
    asCall((call) => carryOut(context, keepUndo, { ...options, onProgress }, call)),
  );
}

/**
 * Refuses a plan of another state of the database, before anybody is asked about it.
 * @throws RollbackError ERR_PLAN_STALE; what reading a database throws
 */
export function refuseStale(plan: RollbackPlan): void {
  currentFiles(realFs, plan);
}

async function carryOut(
  context: TransactionContext,
  keepUndo: boolean,
  options: ApplyOptions,
  call: Call,
): Promise<Outcome> {
  const { fs, participants, plan } = context;
  const line = lineOf('apply', participants.id, plan);
  const counts = await audited(fs, participants.roots, line, () => {
    beginIntent(context, keepUndo, call, () => currentFiles(fs, plan));
    return rollForward(context, options.onProgress);
  });
  const failures = finishRun(context, { action: 'apply', outcome: 'finished', keepUndo });
  return outcomeOf(plan, counts, keepUndo, failures);
}

/** A journal that this program cannot read again would shut the database for good. */
function refuseUnreadablePlan(plan: RollbackPlan): void {
  if (wasReadBack(plan)) return;
  const { success, error } = planSchema.safeParse(plan);
  if (success) return;
  throw new RollbackError(
    'ERR_PLAN_INVALID',
    {
      what: `The plan could not be read back from a journal: ${firstProblem(error)}`,
      why: 'An interruption could then neither be finished nor taken back. Nothing was changed',
      next: 'Report this with the plan; a file of an odd name or time in the database may be the reason',
    },
    {},
    error,
  );
}

/**
 * Refuses a plan whose files have changed since it was made; returns the present files.
 * @throws RollbackError ERR_PLAN_STALE; what reading a database throws
 */
function currentFiles(
  fs: DurableFs,
  plan: RollbackPlan,
): { readonly tables: readonly Table[]; readonly present: readonly FingerprintEntry[] } {
  const tables = presentTables(fs, plan);
  const present = [...fingerprintOf(fs, tables, plan.snapshotDir), ...presentLogIndex(fs, plan)];
  try {
    compareFingerprints(plan.fingerprint, present, plan);
  } catch (error) {
    throw withHistory(fs, plan, error);
  }
  return { tables, present };
}

/** Where the plan says that it lies; a link, or nothing, in its place has none of its files. */
function presentLogIndex(fs: DurableFs, { logIndex }: RollbackPlan): FingerprintEntry[] {
  if (logIndex?.step == null || lstatOrNull(fs, logIndex.dir)?.kind !== 'directory') return [];
  return fingerprintOfLogIndex(fs, logIndex.dir);
}

/** The commonest reason why a plan is out of date is the plan itself. */
function withHistory(fs: DurableFs, plan: RollbackPlan, error: unknown): unknown {
  const earlier = earlierApply(fs, plan);
  if (earlier === null || !(error instanceof RollbackError)) return error;
  const why = earlierToText(earlier);
  return error.saying({ why: `${why[0]!.toUpperCase()}${why.slice(1)}` });
}

function presentTables(fs: DurableFs, plan: RollbackPlan): readonly Table[] {
  const database = readPlanned(fs, plan);
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
  return database.tables.filter((t) => names.has(t.name));
}
