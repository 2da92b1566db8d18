/** Resume: finishes what a crash has interrupted, forward or backward, without asking the filter again. */
import { ioError, RollbackError } from '../errors.ts';
import { COMMITTED_MARK } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { closeLock, isClosed, isClosedBy } from '../store/guard.ts';
import { inspectLock } from '../store/lock.ts';
import { resolveRoots } from '../store/roots.ts';
import { openTrace } from '../store/unfinished.ts';
import { verifyApplied } from './applied.ts';
import { rememberRoots } from './apply.ts';
import type { Progress } from './progress.ts';
import { claimAreas, refuseAtWork } from './transaction/claim.ts';
import {
  clearTraces,
  clearTransaction,
  conclude,
  dropTemporaries,
  hasLeftovers,
  markUndone,
  memberDirs,
} from './transaction/clean-up.ts';
import {
  contextOf,
  type FoundTransaction,
  findOpen,
  findTransactions,
  snapshotDirNeeded,
} from './transaction/find.ts';
import { areasIn, type JournalDocument } from './transaction/journal.ts';
import { runForward, stepsOf, unfinished } from './transaction/run.ts';
import { finishTakingBack } from './transaction/take-back.ts';
import { finishForward, markAll, shootBolts, type TransactionContext } from './transaction/transaction.ts';

/** How to resume. */
export interface ResumeOptions {
  /** The snapshot directory, when the rollback includes one. */
  readonly snapshotDir?: string | undefined;
  /** A person says that a runner which cannot be judged from here is dead. */
  readonly forceUnlock?: boolean | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * What resume did: `nothing` was unfinished; `swept`: nothing had happened yet, and its traces are gone;
 * `cleaned`: only locks, bolts or files of no use were left; `finished` the rollback; `taken-back`: finished an undo.
 */
export interface ResumeOutcome {
  readonly action: 'nothing' | 'swept' | 'cleaned' | 'finished' | 'taken-back';
  readonly transaction: string | null;
  readonly target: string | null;
  readonly notices: readonly string[];
}

/**
 * Finishes the unfinished rollback (or undo) in the given roots.
 * @throws RollbackError ERR_LOCKED, ERR_ROOTS_UNCERTAIN, ERR_SNAPSHOT_DIR_NEEDED, ERR_JOURNAL: nothing was
 *   changed; ERR_UNFINISHED, ERR_IO, ERR_RESULT_WRONG: still unfinished, still shut
 */
export function resumeRollback(dirs: readonly string[], options: ResumeOptions = {}): Promise<ResumeOutcome> {
  return resumeWith(realFs, dirs, options);
}

/** resumeRollback() on any file system. */
export async function resumeWith(
  fs: DurableFs,
  given: readonly string[],
  options: ResumeOptions = {},
): Promise<ResumeOutcome> {
  const roots = resolveRoots(fs, given);
  try {
    return await resumeIn(fs, roots, options);
  } catch (error) {
    throw stillOpen(error, roots[0] as string, 'resume');
  }
}

/** An error of the file system while recovering, before or between the parts that say more about it. */
export function stillOpen(error: unknown, root: string, command: 'resume' | 'undo'): RollbackError {
  const state = `What was unfinished still is, and is shut: repair the cause, then run \`litt-rollback ${command}\` again`;
  return ioError(error, root, 'change a file', state);
}

async function resumeIn(
  fs: DurableFs,
  roots: readonly string[],
  options: ResumeOptions,
): Promise<ResumeOutcome> {
  const open = findOpen(findTransactions(fs, roots));
  const dirs = memberDirs(fs, roots, options.snapshotDir);
  if (open === null) return cleanUp(fs, dirs, options);
  const target = open.document?.plan.target ?? null;
  if (open.areas.some((a) => a.undone)) {
    endUndone(fs, open, roots, options);
    return { action: 'taken-back', transaction: open.id, target, notices: [] };
  }
  const found = takeOver(fs, open, roots, options);
  if (found.context === null) {
    // An intent without its mark: nothing has happened.
    clearTransaction(fs, dirs, open.id);
    return { action: 'swept', transaction: open.id, target, notices: [] };
  }
  const { context, areas } = found;
  if (areas.some((a) => a.undoing)) {
    await finishTakingBack(context, areas, options.onProgress);
    return finish(context, 'taken-back');
  }
  await finishRollback(
    context,
    areas.some((a) => a.done),
    open,
    options,
  );
  return finish(context, 'finished');
}

async function finishRollback(
  context: TransactionContext,
  stepsDone: boolean,
  found: FoundTransaction,
  options: ResumeOptions,
): Promise<void> {
  const keepUndo = found.document?.keepUndo ?? true;
  shootBolts(context);
  // A crash may have left the mark in some roots only, or not yet durable: no step comes before that.
  markAll(context, COMMITTED_MARK);
  const counts = stepsDone ? { done: 0, alreadyDone: 0 } : await runForward(context, options.onProgress);
  if (!stepsDone) await verifyApplied(context.fs, context.plan, options.onProgress);
  try {
    rememberRoots(context.fs, context.plan);
    finishForward(context, keepUndo);
  } catch (error) {
    throw unfinished(error, context.members.roots[0] as string, counts, stepsOf(context).length);
  }
}

function finish(context: TransactionContext, action: 'finished' | 'taken-back'): ResumeOutcome {
  const { fs, members, plan } = context;
  const entry = { action: 'resume', transaction: members.id, target: plan.target, outcome: action } as const;
  const failures = conclude(fs, members.roots, members.dirs, entry);
  // What a person must do besides is said here: the run that would have said it has died.
  const ofPlan = action === 'finished' ? plan.notices : [];
  return { ...result(action, context), notices: [...ofPlan, ...failures] };
}

function result(action: ResumeOutcome['action'], context: TransactionContext): ResumeOutcome {
  return { action, transaction: context.members.id, target: context.plan.target, notices: [] };
}

/**
 * Claims an open transaction and shuts every root again. The context is null when no document is whole: then
 * nothing can have happened yet.
 */
export function takeOver(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
): { context: TransactionContext | null; areas: FoundTransaction['areas'] } {
  const { document } = open;
  const committed = open.areas.some((a) => a.committed);
  refuseHeld(fs, roots);
  if (!committed || document === null) {
    // The mark may be in a root that was not given, and what is to be cleared away in a snapshot directory.
    if (document !== null && roots.length < document.roots)
      contextOf(fs, open, document, options.snapshotDir);
    requireSnapshotDir(document, options);
    claimAreas(
      fs,
      open.areas.map((a) => a.dir),
      open.id,
      options.forceUnlock,
    );
    return { context: null, areas: open.areas };
  }
  const context = contextOf(fs, open, document, options.snapshotDir);
  claimAreas(fs, context.members.dirs, open.id, options.forceUnlock);
  for (const area of context.members.areas) dropTemporaries(fs, area);
  for (const dir of context.lockedDirs) closeLock(fs, dir, open.id, new Date(document.begunAt));
  return { context, areas: findTransactions(fs, roots).find((t) => t.id === open.id)?.areas ?? open.areas };
}

/** Without it a lock in the snapshot directory would be left, and nothing in the roots would tell of it. */
function requireSnapshotDir(document: JournalDocument | null, { snapshotDir }: ResumeOptions): void {
  if (document?.hasSnapshotDir === true && snapshotDir === undefined) throw snapshotDirNeeded(document);
}

/** An engine (or another program) that holds an ordinary lock is at work. */
function refuseHeld(fs: DurableFs, roots: readonly string[]): void {
  for (const root of roots) {
    if (isClosed(fs, root)) continue;
    const lock = inspectLock(fs, root);
    if (lock.state === 'free' || lock.state === 'stale') continue;
    throw new RollbackError(
      'ERR_LOCKED',
      {
        what: `${root} is locked by ${lock.pid === null ? 'somebody' : `process ${lock.pid}`}`,
        why: 'The lock of the unfinished rollback was removed, and something else has taken its place',
        next: 'Stop that process and run the same command again',
      },
      { path: lock.path },
    );
  }
}

/** No journal: a lock that fails closed, a bolt, or half-made files mean only "clean up". */
function cleanUp(fs: DurableFs, dirs: readonly string[], options: ResumeOptions): ResumeOutcome {
  // A run that is just beginning or ending has no journal either: it must not be disturbed.
  refuseHeld(fs, dirs);
  const left = dirs.some((dir) => openTrace(fs, dir) !== null || hasLeftovers(fs, dir));
  if (left) {
    const closed = dirs.flatMap((dir) => areasIn(fs, dir).filter((a) => isClosedBy(fs, dir, a.id)));
    for (const { document } of closed) requireSnapshotDir(document, options);
    refuseAtWork(fs, dirs, options.forceUnlock);
    for (const { dir, id } of dirs.flatMap((d) => areasIn(fs, d)))
      claimAreas(fs, [dir], id, options.forceUnlock);
    clearTraces(fs, dirs);
  }
  return { action: left ? 'cleaned' : 'nothing', transaction: null, target: null, notices: [] };
}

/**
 * Ends an undo whose inverse steps are all durable. Some areas may be gone already, so this goes by the marks
 * that are left, not by a full set of documents.
 */
export function endUndone(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
): void {
  requireSnapshotDir(open.document, options);
  const dirs = memberDirs(fs, roots, options.snapshotDir);
  refuseHeld(fs, roots);
  claimAreas(
    fs,
    open.areas.map((a) => a.dir),
    open.id,
    options.forceUnlock,
  );
  markUndone(fs, dirs, open.id);
  clearTransaction(fs, dirs, open.id);
}
