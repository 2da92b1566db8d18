/** Status: untouched, unfinished (how far), or applied (undo available, bytes held). Reads only. */
import { join } from 'node:path';
import { type FoundTransaction, findTransactions } from '../journal/find.ts';
import { isOpen } from '../journal/phase.ts';
import { areaPath, heldBytes, KEPT_DIR } from '../store/area.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { traceOfOpen } from '../store/open-transaction.ts';
import { lstatOrNull, resolveRoots } from '../store/roots.ts';

/** One transaction, as status tells of it. */
export interface TransactionStatus {
  readonly id: string;
  readonly begunAt: string | null;
  readonly target: string | null;
  /** `unfinished` until resumed or undone; `applied` while undo can take it back; `partial` when purging stopped. */
  readonly state: 'unfinished' | 'applied' | 'partial';
  /** Which way an unfinished one goes. */
  readonly direction: 'forward' | 'backward';
  /** Whether files may have been changed. */
  readonly committed: boolean;
  /** Steps whose kept part is in the area, of how many. */
  readonly stepsKept: number;
  readonly steps: number;
  readonly bytesHeld: number;
  /** Roots that were given, of how many belong to it. */
  readonly rootsGiven: number;
  readonly roots: number | null;
}

/** What status found. */
export interface StatusReport {
  readonly roots: readonly string[];
  /** Newest first. */
  readonly transactions: readonly TransactionStatus[];
  /** Locks, bolts or areas of ours without a journal: `resume` clears them away. */
  readonly traces: readonly string[];
}

/**
 * The status of the database in the given roots.
 * @throws RollbackError any ERR_ROOT_*, ERR_JOURNAL, ERR_IO
 */
export async function rollbackStatus(dirs: readonly string[]): Promise<StatusReport> {
  const fs = realFs;
  const roots = resolveRoots(fs, dirs);
  const found = findTransactions(fs, roots);
  const transactions = found.filter((f) => f.phase !== 'bare').map((f) => statusOf(fs, f));
  const bare = found.filter((f) => f.phase === 'bare');
  const traces = bare.flatMap(({ areas }) => areas.map((a) => areaPath(a.dir, a.id)));
  if (!transactions.some((t) => t.state === 'unfinished'))
    traces.push(...roots.flatMap((root) => traceOfOpen(fs, root)?.path ?? []));
  return { roots, transactions, traces };
}

function statusOf(fs: DurableFs, found: FoundTransaction): TransactionStatus {
  const { document, areas } = found;
  const kept = new Set<string>();
  let bytesHeld = 0;
  for (const area of areas) {
    const dir = join(areaPath(area.dir, area.id), KEPT_DIR);
    if (lstatOrNull(fs, dir) === null) continue;
    bytesHeld += heldBytes(fs, dir);
    for (const name of fs.readdir(dir)) {
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
