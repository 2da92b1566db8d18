/** Status: untouched, unfinished (how far), or applied (undo available, bytes held). Reads only. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { is } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';
import { type AuditLine, readAudit } from '../journal/audit.ts';
import { type FoundTransaction, findTransactions } from '../journal/find.ts';
import { isOpen } from '../journal/phase.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import { areaPath, heldBytes, KEPT_DIR } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { guardIn, type OpenTrace, traceOfOpen } from '../store/open-transaction.ts';
import { lookAt, type OnUnreadable } from '../store/reading.ts';
import { lstatOrNull, resolveRoots } from '../store/roots.ts';
import { type Block, blocksIn } from './blocks.ts';
import { forgottenRoots } from './missing-roots.ts';
import { previewUndo, type UndoCheck, undoOf } from './preview-undo.ts';

/** One transaction, as status reports it. */
export interface TransactionStatus {
  readonly id: string;
  readonly begunAt: string | null;
  readonly target: string | null;
  /** Tells the order of rollbacks; null where an older version began it. */
  readonly sequence: number | null;
  /**
   * `unfinished` until resumed or undone; `applied` while all is there that undo needs; `needs-roots` where other roots
   * hold parts of it; `partial` when purging stopped, or where a part cannot be read.
   */
  readonly state: 'unfinished' | 'applied' | 'needs-roots' | 'partial';
  readonly undo: UndoCheck;
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
  /** Where the roots that were not given lay when it began. */
  readonly missingRoots: readonly string[];
  /** Where the snapshot directory lay when it began; null where it includes none. */
  readonly snapshotDir: string | null;
}

/** How to look. */
export interface StatusOptions {
  /** The snapshot directory, when a rollback includes one. */
  readonly snapshotDir?: string | undefined;
  /** The log-index, when a rollback includes one that does not lie beside its root. */
  readonly logIndex?: string | undefined;
  /** Whether the report tells what was done before. */
  readonly history?: boolean | undefined;
}

const CHECKS: OptionChecks<StatusOptions> = {
  snapshotDir: is.text,
  logIndex: is.text,
  history: is.boolean,
};

/** The result of status. */
export interface StatusReport {
  readonly roots: readonly string[];
  /** Newest first. */
  readonly transactions: readonly TransactionStatus[];
  /** Locks, bolts or areas of this program without a journal: `resume` removes them. */
  readonly traces: readonly string[];
  /** What tells of a rollback whose journal is gone: no command goes on without it. */
  readonly lostJournals: readonly string[];
  /** Locks and bolts. */
  readonly blocks: readonly Block[];
  /** Pairs of rollbacks that the clock has in another order than their numbers; the numbers decide. */
  readonly clockContradictions: readonly { readonly newer: string; readonly older: string }[];
  /** Whether the database is shut until `resume` or `undo` has ended. */
  readonly unfinished: boolean;
  /** The audit, oldest first; only when it was asked for. */
  readonly history?: readonly AuditLine[];
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
export async function rollbackStatus(
  dirs: readonly string[],
  options: StatusOptions = {},
): Promise<StatusReport> {
  refuseBadOptions('rollbackStatus', options, CHECKS);
  return statusWith(realFs, dirs, options);
}

/** rollbackStatus() on any file system. */
export function statusWith(
  fs: DurableFs,
  dirs: readonly string[],
  options: StatusOptions = {},
): StatusReport {
  const roots = resolveRoots(fs, dirs);
  const unreadable = new Map<string, Unreadable>();
  const note: OnUnreadable = ({ place: { path = '' }, what: problem, next = null }) =>
    unreadable.set(path, { path, problem, next });
  const found = findTransactions(fs, roots, note);
  const told = found.filter((f) => f.phase !== 'bare');
  const preview = previewUndo(fs, roots, told, options);
  const transactions = told.map((f, i) => statusOf(fs, roots, f, undoOf(told, i, preview), note));
  const areasOf = (chosen: readonly FoundTransaction[]): string[] =>
    chosen.flatMap(({ areas }) => areas.map((a) => areaPath(a.dir, a.id)));
  const traces = areasOf(found.filter((f) => f.phase === 'bare' && !f.marks.begun));
  const lostJournals = areasOf(found.filter(isLost));
  const open = roots.flatMap((root) => traceIn(fs, root, note) ?? []);
  if (!transactions.some((t) => t.state === 'unfinished')) {
    for (const { path, isLost } of open) {
      const list = isLost ? lostJournals : traces;
      if (!list.includes(path)) list.push(path);
    }
  }
  const blocks = roots.flatMap((root) => lookAt(root, () => blocksIn(fs, root), note) ?? []);
  const asked = options.history === true;
  const history = asked ? lookAt(roots[0] as string, () => readAudit(fs, roots), note) : null;
  return {
    roots,
    transactions,
    traces,
    lostJournals,
    blocks,
    clockContradictions: contradictionsOf(told),
    unfinished: open.length > 0,
    ...(history !== null && { history }),
    unreadable: [...unreadable.values()],
  };
}

/** Locks and bolts tell of an unfinished rollback to those, too, who may not read its journal. */
function traceIn(fs: DurableFs, root: string, note: OnUnreadable): OpenTrace | null {
  const trace = lookAt(root, () => traceOfOpen(fs, root), note);
  if (trace !== null) return trace;
  const path = lookAt(root, () => guardIn(fs, root), note);
  return path === null ? null : { path, isLost: false };
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

/** Steps may have been taken, and no document tells which. */
function isLost({ phase, marks }: FoundTransaction): boolean {
  return phase === 'lost' || (phase === 'bare' && marks.begun);
}

/** In the order of their numbers each rollback is newer than the next one; a clock may say otherwise. */
function contradictionsOf(found: readonly FoundTransaction[]): StatusReport['clockContradictions'] {
  return found.slice(1).flatMap((older, i) => {
    const newer = found[i] as FoundTransaction;
    if (newer.begunAt === null || older.begunAt === null || newer.begunAt >= older.begunAt) return [];
    return [{ newer: newer.id, older: older.id }];
  });
}

function statusOf(
  fs: DurableFs,
  roots: readonly string[],
  found: FoundTransaction,
  undo: UndoCheck,
  note: OnUnreadable,
): TransactionStatus {
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
  const missing = forgottenRoots(fs, found, roots);
  const rootsGiven = areas.filter((a) => a.document !== null && a.document.member !== 'snapshots').length;
  return {
    id: found.id,
    begunAt: document?.begunAt ?? null,
    target: document?.plan.target ?? null,
    sequence: found.sequence,
    state: stateOf(found, rootsGiven, missing),
    undo,
    direction: found.marks.undoing ? 'backward' : 'forward',
    committed: found.marks.begun,
    stepsKept: kept.size,
    steps: document === null ? 0 : stepsOfPlan(document.plan).length,
    bytesHeld,
    rootsGiven,
    roots: document?.roots ?? null,
    missingRoots: missing,
    snapshotDir: document?.hasSnapshotDir === true ? document.plan.snapshotDir : null,
  };
}

function stateOf(
  found: FoundTransaction,
  rootsGiven: number,
  missing: readonly string[],
): TransactionStatus['state'] {
  if (isOpen(found.phase)) return 'unfinished';
  if (missing.length > 0) return 'needs-roots';
  return isUndoable(found, rootsGiven) ? 'applied' : 'partial';
}

/** Whether every part of a closed transaction is there. */
function isUndoable({ document, areas }: FoundTransaction, rootsGiven: number): boolean {
  return areas.every((a) => a.state === 'closed') && rootsGiven === document?.roots;
}
