/** What keeps the engine out of a database: locks of every kind, and bolts. Reads only. */
import { RollbackError } from '../errors.ts';
import { boltsIn } from '../store/bolt.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { fenceIn } from '../store/fence.ts';
import { inspectLock } from '../store/lock.ts';

/**
 * A file that keeps the engine out: `rollback-lock` and `bolt` of an unfinished rollback, `held` by a running process,
 * `unreadable` where it names none. `stale` is the lock of a dead process, which keeps nothing out.
 */
export interface Block {
  readonly kind: 'rollback-lock' | 'bolt' | 'held' | 'stale' | 'unreadable';
  readonly path: string;
  /** Number of the process that took the lock; null where none is named. */
  readonly pid: number | null;
}

/** The locks and bolts in a root. */
export function blocksIn(fs: DurableFs, root: string): Block[] {
  const bolts = boltsIn(fs, root).map((path): Block => ({ kind: 'bolt', path, pid: null }));
  const lock = lockIn(fs, root);
  return lock === null ? bolts : [lock, ...bolts];
}

function lockIn(fs: DurableFs, root: string): Block | null {
  const fence = fenceIn(fs, root);
  if (fence !== null) return { kind: 'rollback-lock', path: fence.path, pid: null };
  try {
    const lock = inspectLock(fs, root);
    if (lock.state === 'free') return null;
    return { kind: lock.state === 'elsewhere' ? 'held' : lock.state, path: lock.path, pid: lock.pid };
  } catch (error) {
    // A link, or a file that this user may not look at, is told here; the rest is told too.
    if (!(error instanceof RollbackError) || error.place.path === undefined) throw error;
    return { kind: 'unreadable', path: error.place.path, pid: null };
  }
}
