/** Notices, cheaply and without trusting anything, that a transaction is open in some root. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { areaIds, areaPath, COMMITTED_MARK, hasUndoData, JOURNAL_FILE, UNDO_FILE } from './area.ts';
import type { DurableFs } from './durable-fs.ts';
import { boltIn, isFenced } from './fence.ts';
import { LOCK_FILE } from './lock.ts';
import { lstatOrNull } from './roots.ts';

/**
 * Refuses roots in which a rollback was begun and not ended. Roots are real paths.
 * @throws RollbackError ERR_UNFINISHED
 */
export function refuseUnfinished(fs: DurableFs, roots: readonly string[]): void {
  for (const root of roots) {
    const trace = traceOfOpen(fs, root);
    if (trace === null) continue;
    throw new RollbackError(
      'ERR_UNFINISHED',
      {
        what: 'A rollback of this database is not finished',
        why: 'The database is part-way and shut; the engine refuses it too',
        next: 'Run `litt-rollback resume` with every root to finish it, or `litt-rollback undo` to take it back',
      },
      { path: trace },
    );
  }
}

/** What shows that a transaction is open: a journal, a lock that fails closed, a bolt; null when nothing does. */
export function traceOfOpen(fs: DurableFs, root: string): string | null {
  for (const id of areaIds(fs, root)) {
    const area = areaPath(root, id);
    const has = (name: string): boolean => lstatOrNull(fs, join(area, name)) !== null;
    if (has(JOURNAL_FILE)) return join(area, JOURNAL_FILE);
    // Somebody has removed the document.
    if (!has(UNDO_FILE) && (has(COMMITTED_MARK) || hasUndoData(fs, area))) return area;
  }
  return isFenced(fs, root) ? join(root, LOCK_FILE) : boltIn(fs, root);
}
