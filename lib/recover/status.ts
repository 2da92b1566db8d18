/** Status: untouched, unfinished (how far), or applied (undo available, bytes held). Reads only. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { refuseSurplus } from '../input/options.ts';
import { type FoundTransaction, findTransactions } from '../journal/find.ts';
import { isOpen } from '../journal/phase.ts';
import { areaPath, heldBytes, KEPT_DIR } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { guardIn, traceOfOpen } from '../store/open-transaction.ts';
import { lookAt, type OnUnreadable } from '../store/reading.ts';
import { lstatOrNull, resolveRoots } from '../store/roots.ts';

/** One transaction, as status reports it. */
export interface TransactionStatus {
  readonly id: string;
  readonly begunAt: string | null;
  readonly target: string | null;
  /**
   * `unfinished` until resumed or undone; `applied` while it can be undone; `partial` after an interrupted
   * purge.
   */
  readonly state: 'unfinished' | 'applied' | 'partial';
  /** The direction of an unfinished one. */
  readonly direction: 'forward' | 'backward';
  /** Whether files may have been changed. */
  readonly committed: boolean;
  /** Steps with undo data in the area, and steps in all. */
  readonly stepsKept: number;
  readonly steps: number;
  readonly bytesHeld: number;
  /** Given roots that belong to it, and its roots in all. */
  readonly rootsGiven: number;
  readonly roots: number | null;
}

/** The result of status. */
export interface StatusReport {
  readonly roots: readonly string[];
  /** Newest first. */
  readonly transactions: readonly TransactionStatus[];
  /** Locks, bolts or areas of this program without a journal: `resume` removes them. */
  readonly traces: readonly string[];
  /** What this user may not read, or the disk does not give: what it would have told is not in the report. */
  readonly unreadable: readonly Unreadable[];
}

/** A file or directory that could not be read. */
export interface Unreadable {
  readonly path: string;
  readonly problem: string;
  /** What helps; null when nothing is known to. */
  readonly next: string | null;
}

/**
 * The status of the database in the given roots.
 * @throws RollbackError any ERR_ROOT_*, ERR_JOURNAL, ERR_IO where nothing at all can be told
 */
export async function rollbackStatus(dirs: readonly string[], ...surplus: []): Promise<StatusReport> {
  refuseSurplus('rollbackStatus', surplus);
  return statusWith(realFs, dirs);
}

/** rollbackStatus() on any file system. */
export function statusWith(fs: DurableFs, dirs: readonly string[]): StatusReport {
  const roots = resolveRoots(fs, dirs);
  const unreadable = new Map<string, Unreadable>();
  const note: OnUnreadable = ({ place: { path = '' }, what: problem, next = null }) =>
    unreadable.set(path, { path, problem, next });
  const found = findTransactions(fs, roots, note);
  const transactions = found.filter((f) => f.phase !== 'bare').map((f) => statusOf(fs, f, note));
  const bare = found.filter((f) => f.phase === 'bare');
  const traces = bare.flatMap(({ areas }) => areas.map((a) => areaPath(a.dir, a.id)));
  if (!transactions.some((t) => t.state === 'unfinished'))
    traces.push(...roots.flatMap((root) => traceIn(fs, root, note) ?? []));
  return { roots, transactions, traces, unreadable: [...unreadable.values()] };
}

/** Locks and bolts tell of an unfinished rollback to those, too, who may not read its journal. */
function traceIn(fs: DurableFs, root: string, note: OnUnreadable): string | null {
  const trace = lookAt(root, () => traceOfOpen(fs, root), note);
  return trace?.path ?? lookAt(root, () => guardIn(fs, root), note);
}

/**
 * Refuses a report that is not whole, when what it tells has been told.
 * @throws RollbackError ERR_IO
 */
export function refuseUnreadable({ unreadable }: Pick<StatusReport, 'unreadable'>): void {
  const [first] = unreadable;
  if (first === undefined) return;
  const { path, problem: what, next } = first;
  throw new RollbackError(
    'ERR_IO',
    { what, why: 'What is told is not all that there is', next: next ?? undefined },
    { path },
  );
}

function statusOf(fs: DurableFs, found: FoundTransaction, note: OnUnreadable): TransactionStatus {
  const { document, areas } = found;
  const kept = new Set<string>();
  let bytesHeld = 0;
  for (const area of areas) {
    const dir = join(areaPath(area.dir, area.id), KEPT_DIR);
    if (lookAt(dir, () => lstatOrNull(fs, dir), note) === null) continue;
    bytesHeld += lookAt(dir, () => heldBytes(fs, dir), note) ?? 0;
    for (const name of lookAt(dir, () => fs.readdir(dir), note) ?? []) {
      if (/^\d+\.(removed|original|tail)$/.test(name)) kept.add(name.slice(0, name.indexOf('.')));
    }
  }
  const rootsGiven = areas.filter((a) => a.document !== null && a.document.member !== 'snapshots').length;
  return {
    id: found.id,
    begunAt: document?.begunAt ?? null,
    target: document?.plan.target ?? null,
    state: isOpen(found.phase) ? 'unfinished' : isUndoable(found, rootsGiven) ? 'applied' : 'partial',
    direction: found.marks.undoing ? 'backward' : 'forward',
    committed: found.marks.begun,
    stepsKept: kept.size,
    steps: document?.plan.tables.reduce((sum, t) => sum + t.steps.length, 0) ?? 0,
    bytesHeld,
    rootsGiven,
    roots: document?.roots ?? null,
  };
}

/** Whether every part of a closed transaction is there. */
function isUndoable({ document, areas }: FoundTransaction, rootsGiven: number): boolean {
  return areas.every((a) => a.state === 'closed') && rootsGiven === document?.roots;
}
