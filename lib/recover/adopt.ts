/** Takes an unfinished transaction over from a run that died. A run that is still at work is left alone. */
import { ioError, RollbackError } from '../errors.ts';
import { is } from '../input/checks.ts';
import type { OptionChecks } from '../input/options.ts';
import type { Call } from '../journal/claim.ts';
import { type AreaState, type JournalDocument, missingDocumentError } from '../journal/documents.ts';
import {
  contextOf,
  type FoundTransaction,
  findTransactions,
  refuseTooFewRoots,
  snapshotDirNeededError,
} from '../journal/find.ts';
import { refuseForeignLogIndex } from '../journal/log-index-place.ts';
import { marksOf, phaseOf } from '../journal/phase.ts';
import { dropTemporaries } from '../journal/sweep.ts';
import { raiseFences, type TransactionContext } from '../journal/transaction.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFenced } from '../store/fence.ts';
import { inspectLock } from '../store/lock.ts';
import type { Progress } from '../types.ts';

/** How to resume. */
export interface ResumeOptions {
  /** The snapshot directory, when the rollback includes one. */
  readonly snapshotDir?: string | undefined;
  /** The log-index, when the rollback includes one that does not lie beside its root. */
  readonly logIndex?: string | undefined;
  /** The user says that a process whose state is unknown is dead. */
  readonly forceUnlock?: boolean | undefined;
  /** The transaction that is meant: every other one is refused. */
  readonly id?: string | undefined;
  /** Checked until the first change; from then on the run is finished. */
  readonly signal?: AbortSignal | undefined;
  /** A callback that throws stops nothing: the outcome's notices report it. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What the options of resume and undo must be. */
export const RESUME_CHECKS: OptionChecks<ResumeOptions> = {
  snapshotDir: is.text,
  logIndex: is.text,
  forceUnlock: is.boolean,
  id: is.text,
  signal: is.signal,
  onProgress: is.function,
};

/** Wraps a file system error during recovery, outside the parts that report more themselves. */
export function stillOpenError(error: unknown, root: string, command: 'resume' | 'undo'): RollbackError {
  const state = `What was unfinished still is, and is shut: repair the cause, then run \`litt-rollback ${command}\` again`;
  return ioError(error, root, 'change a file', state);
}

/** A transaction that this process works on from now on, and the direction of the work. */
export type Adopted =
  /** No change has been made yet: its traces are removed. */
  | { readonly phase: 'intent' }
  | { readonly phase: 'applying' | 'done'; readonly context: TransactionContext }
  | {
      readonly phase: 'reverting';
      readonly context: TransactionContext;
      readonly areas: readonly AreaState[];
      /** Whether every step was carried out before the undo. */
      readonly wasDone: boolean;
    };

/**
 * Claims an open transaction and shuts every root again.
 * @throws RollbackError ERR_JOURNAL when it has begun and no document is whole
 */
export function adoptTransaction(
  fs: DurableFs,
  open: FoundTransaction,
  roots: readonly string[],
  options: ResumeOptions,
  call: Call,
): Adopted {
  const { document } = open;
  refuseHeld(fs, roots);
  if (open.phase === 'lost') throw missingDocumentError(open.areas[0] as AreaState);
  if (open.phase === 'intent' || document === null) {
    // The mark may be in a root that was not given, and so may the list of files to clear in a snapshot
    // directory.
    refuseTooFewRoots(fs, open, roots);
    refuseMissingSnapshotDir(document, options);
    call.claimAreas(
      fs,
      open.areas.map((a) => a.dir),
      open.id,
      options.forceUnlock,
    );
    return { phase: 'intent' };
  }
  const context = contextOf(fs, open, document, options);
  if (open.phase !== 'done') refuseForeignLogIndex(context);
  call.claimAreas(fs, context.participants.dirs, open.id, options.forceUnlock);
  for (const area of context.participants.areas) dropTemporaries(fs, area);
  raiseFences(context, new Date(document.begunAt));
  const { areas } = findTransactions(fs, roots).find((t) => t.id === open.id) ?? open;
  return goingOn(context, areas, document);
}

/** Before the claim another run may have got further, even to an end, which is then reached once more. */
function goingOn(
  context: TransactionContext,
  areas: readonly AreaState[],
  document: JournalDocument,
): Adopted {
  switch (phaseOf({ areas, document })) {
    case 'reverting':
    case 'reverted':
      return { phase: 'reverting', context, areas, wasDone: marksOf(areas).done };
    case 'done':
    case 'closed':
      return { phase: 'done', context };
    default:
      return { phase: 'applying', context };
  }
}

/** Without it a lock in the snapshot directory would be left, and nothing in the roots would point to it. */
export function refuseMissingSnapshotDir(
  document: JournalDocument | null,
  { snapshotDir }: ResumeOptions,
): void {
  if (document?.hasSnapshotDir === true && snapshotDir === undefined) throw snapshotDirNeededError(document);
}

/** An engine (or another program) with an ordinary lock is at work. */
export function refuseHeld(fs: DurableFs, roots: readonly string[]): void {
  for (const root of roots) {
    if (isFenced(fs, root)) continue;
    const lock = inspectLock(fs, root);
    if (lock.state === 'free' || lock.state === 'stale') continue;
    throw new RollbackError(
      'ERR_LOCKED',
      {
        what: `${root} is locked by ${lock.pid === null ? 'another process' : `process ${lock.pid}`}`,
        why: 'The lock of the unfinished rollback was removed, and something else has taken its place',
        next: 'Stop that process and run the same command again',
      },
      { path: lock.path },
    );
  }
}

/**
 * Refuses another transaction than the one that is meant.
 * @param what the transaction that was found, as the subject of a sentence
 * @throws RollbackError ERR_TRANSACTION_UNKNOWN
 */
export function refuseOther({ id }: ResumeOptions, found: string, what: string): void {
  if (id === undefined || id === found) return;
  throw new RollbackError('ERR_TRANSACTION_UNKNOWN', {
    what: `${what} is ${found}, not ${id}`,
    why: 'Only the rollback that --id names may be touched. Nothing was changed',
    next: 'See `litt-rollback status`, and name the rollback that is meant',
  });
}
