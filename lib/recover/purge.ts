/** Purge: deletes undo data. The rollback then stays. */
import { ioError, RollbackError } from '../errors.ts';
import { postponing } from '../input/callbacks.ts';
import { is, refuseBadRoots } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';
import { type AuditEntry, audit, audited, lineOf, timed } from '../journal/audit.ts';
import { type FoundTransaction, findTransactions, missingRootsError } from '../journal/find.ts';
import { tellAndFree } from '../journal/finish-run.ts';
import { participantDirs } from '../journal/sweep.ts';
import { notePhase } from '../phases.ts';
import { areaPath, discardArea, heldBytes } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { withOwnLocks } from '../store/lock-database.ts';
import { refuseUnfinished } from '../store/open-transaction.ts';
import { refuseAborted } from '../store/reading.ts';
import { lstatOrNull, resolveRoots } from '../store/roots.ts';
import type { Progress } from '../types.ts';
import { forgottenRoots } from './missing-roots.ts';

/** What to purge. */
export interface PurgeOptions {
  /** One transaction and all older ones, which could not be undone without it; default all. */
  readonly id?: string | undefined;
  /** The snapshot directory, when a rollback included one. */
  readonly snapshotDir?: string | undefined;
  /** Checked until the first change; from then on the run is finished. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each rollback. A callback that throws stops nothing: the outcome's notices report it. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const CHECKS: OptionChecks<PurgeOptions> = {
  id: is.text,
  snapshotDir: is.text,
  signal: is.signal,
  onProgress: is.function,
};

/** A rollback whose undo data purge deletes. */
export interface PurgedRollback {
  readonly id: string;
  /** Null where no journal tells it any more. */
  readonly target: string | null;
  readonly begunAt: string | null;
  readonly bytes: number;
}

/** The data that purge would delete, oldest first. */
export interface PurgePlan {
  readonly rollbacks: readonly PurgedRollback[];
  readonly bytes: number;
}

/** The data that purge deleted. */
export interface PurgeOutcome {
  readonly purged: readonly string[];
  /** The same, with what there is to tell of each. */
  readonly rollbacks: readonly PurgedRollback[];
  readonly bytesFreed: number;
  readonly notices: readonly string[];
}

/**
 * The data that purgeUndo() would delete with these options. Changes nothing and takes no lock.
 * @throws RollbackError ERR_UNFINISHED, ERR_TRANSACTION_UNKNOWN, ERR_ROOTS_UNCERTAIN, any ERR_ROOT_*, ERR_IO
 */
export async function planPurge(dirs: readonly string[], options: PurgeOptions = {}): Promise<PurgePlan> {
  refuseBadRoots(dirs);
  refuseBadOptions('planPurge', options, CHECKS);
  const fs = realFs;
  const roots = resolveRoots(fs, dirs);
  refuseUnfinished(fs, roots);
  const all = participantDirs(fs, roots, options.snapshotDir);
  const found = findTransactions(fs, all);
  refuseMissingRoots(found, roots);
  return planOf(fs, all, chosenFrom(found, options.id));
}

/**
 * Deletes the undo data of finished rollbacks.
 * @throws RollbackError ERR_USAGE, ERR_UNFINISHED, ERR_TRANSACTION_UNKNOWN, ERR_ROOTS_UNCERTAIN, ERR_LOCKED,
 * any ERR_ROOT_*, ERR_INTERRUPTED, ERR_IO
 */
export function purgeUndo(dirs: readonly string[], options: PurgeOptions = {}): Promise<PurgeOutcome> {
  return purgeAsking(dirs, options, () => {});
}

/**
 * purgeUndo(), with a question under its locks: what is shown is what is freed. When `ask` throws, nothing is.
 * @throws RollbackError as purgeUndo; what `ask` throws
 */
export async function purgeAsking(
  dirs: readonly string[],
  options: PurgeOptions,
  ask: (plan: PurgePlan) => void | Promise<void>,
): Promise<PurgeOutcome> {
  refuseBadRoots(dirs);
  refuseBadOptions('purgeUndo', options, CHECKS);
  refuseAborted(options.signal);
  notePhase('purge', ...dirs);
  // The database itself is not changed: stale locks are put back in any case.
  return withOwnLocks(dirs, options.snapshotDir, async (locks) => {
    const found = findTransactions(realFs, locks.dirs);
    refuseMissingRoots(found, resolveRoots(realFs, dirs));
    await ask(planOf(realFs, locks.dirs, chosenFrom(found, options.id)));
    refuseAborted(options.signal);
    return timed(() =>
      postponing(options, ({ id, onProgress }) => purgeFound(realFs, locks.dirs, found, id, onProgress)),
    );
  });
}

/** Deleting a part in some roots ends the undo of all of them: that needs the user's word. */
function refuseMissingRoots(found: readonly FoundTransaction[], roots: readonly string[]): void {
  for (const transaction of found) {
    const areas = transaction.areas.filter((a) => roots.includes(a.dir));
    const document = areas.find((a) => a.document !== null)?.document ?? null;
    if (document === null) continue;
    if (forgottenRoots(realFs, { ...transaction, areas, document }, roots).length === 0) continue;
    throw missingRootsError(areas, document);
  }
}

/** purgeUndo() on any file system; the caller holds the locks of `dirs`. */
export async function purgeWith(fs: DurableFs, dirs: readonly string[], id?: string): Promise<PurgeOutcome> {
  return purgeFound(fs, dirs, findTransactions(fs, dirs), id);
}

/** The rollbacks to purge, oldest first: after an interruption the newest ones can still be undone. */
function chosenFrom(found: readonly FoundTransaction[], id: string | undefined): FoundTransaction[] {
  const from = id === undefined ? 0 : found.findIndex((t) => t.id === id);
  if (from < 0) {
    const known = found.map((t) => t.id).join(', ') || 'none';
    throw new RollbackError('ERR_TRANSACTION_UNKNOWN', {
      what: `No rollback ${id} keeps anything in these roots`,
      why: `There are: ${known}`,
      next: 'See `litt-rollback status`',
    });
  }
  // A transaction without a time may be newer than the others: it is not deleted with them.
  const isDated = found[from]?.begunAt != null || found[from]?.sequence != null;
  return found.slice(from, id === undefined || isDated ? undefined : from + 1).reverse();
}

function planOf(fs: DurableFs, dirs: readonly string[], chosen: readonly FoundTransaction[]): PurgePlan {
  const held = (area: string): number => (lstatOrNull(fs, area) === null ? 0 : heldBytes(fs, area));
  const rollbacks = chosen.map((t) => toldOf(t, sum(dirs.map((dir) => held(areaPath(dir, t.id))))));
  return { rollbacks, bytes: sum(rollbacks.map((r) => r.bytes)) };
}

function toldOf({ id, document, begunAt }: FoundTransaction, bytes: number): PurgedRollback {
  return { id, target: document?.plan.target ?? null, begunAt, bytes };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

async function purgeFound(
  fs: DurableFs,
  dirs: readonly string[],
  found: readonly FoundTransaction[],
  id: string | undefined,
  onProgress?: (progress: Progress) => void,
): Promise<PurgeOutcome> {
  const chosen = chosenFrom(found, id);
  const line = ({ id: transaction, document }: FoundTransaction) =>
    lineOf('purge', transaction, document?.plan);
  const entries = (): AuditEntry[] => done.map((t) => ({ ...line(t), outcome: 'purged' }));
  const done: FoundTransaction[] = [];
  const rollbacks: PurgedRollback[] = [];
  try {
    for (const t of chosen) {
      const bytes = await audited(fs, dirs, line(t), () => discardAreas(fs, dirs, t.id));
      rollbacks.push(toldOf(t, bytes));
      done.push(t);
      const total = chosen.length;
      onProgress?.({ phase: 'purge', table: '', done: done.length, total, unit: 'rollbacks' });
    }
  } catch (error) {
    for (const entry of entries()) audit(fs, dirs, entry, new Date());
    throw error;
  }
  return {
    purged: done.map((t) => t.id),
    rollbacks,
    bytesFreed: sum(rollbacks.map((r) => r.bytes)),
    notices: tellAndFree(fs, dirs, dirs, entries()),
  };
}

/** Takes one transaction's areas out of sight; returns their size in bytes. */
function discardAreas(fs: DurableFs, dirs: readonly string[], id: string): number {
  let bytes = 0;
  for (const dir of dirs) {
    const area = areaPath(dir, id);
    if (lstatOrNull(fs, area) === null) continue;
    bytes += heldBytes(fs, area);
    try {
      discardArea(fs, dir, id);
    } catch (error) {
      const state = 'The rest is kept: run `litt-rollback purge` again';
      throw ioError(error, area, 'free what is kept for undo', state);
    }
  }
  return bytes;
}
