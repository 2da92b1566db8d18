/** The directory in which the engine publishes snapshots, as the operator gives it. */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import type { DurableFs } from './durable-fs.ts';
import { refuseForeignPath, refuseReplacedPath } from './foreign-path.ts';
import { LOCK_FILE } from './lock.ts';
import { OWN_DIR } from './root-set.ts';
import { lstatOrNull } from './roots.ts';
import { SNAPSHOT_DIR } from './table-in-root.ts';

/**
 * The real path of the snapshot directory, checked.
 * @throws RollbackError ERR_SNAPSHOT_DIR_WRONG, ERR_PATH_BYTES, ERR_IO
 */
export function resolveSnapshotDir(fs: DurableFs, dir: string, roots: readonly string[]): string {
  let real: string;
  try {
    real = fs.realpath(dir);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw ioError(error, dir, 'resolve the snapshot directory');
    refuseReplacedPath(fs, dir);
    throw snapshotDirError(dir, 'The snapshot directory does not exist', error);
  }
  refuseForeignPath(real);
  if (lstatOrNull(fs, real)?.kind !== 'directory')
    throw snapshotDirError(dir, 'The snapshot directory is not a directory');
  if (roots.includes(real)) throw snapshotDirError(dir, 'The snapshot directory is one of the roots');
  return real;
}

/**
 * Whether a snapshot directory belongs to a database: the engine has published part of a table or keeps links
 * for that, or it holds a lock or a part of a rollback. Any other directory is left alone.
 * @param dir real path
 */
export function isSnapshotDirUsed(
  fs: DurableFs,
  dir: string,
  roots: readonly string[],
  tables: readonly string[],
): boolean {
  const exists = (...parts: string[]): boolean => lstatOrNull(fs, join(...parts)) !== null;
  const isPublished = (table: string): boolean =>
    exists(dir, table) || roots.some((root) => exists(root, table, SNAPSHOT_DIR));
  return exists(dir, LOCK_FILE) || exists(dir, OWN_DIR) || tables.some(isPublished);
}

/** The refusal of a snapshot directory that cannot be the node's. */
export function snapshotDirError(path: string, what: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_SNAPSHOT_DIR_WRONG',
    {
      what,
      why: 'Its bounds decide whether the engine starts after a rollback',
      next: "Pass the directory that the node's configuration names for snapshots, or --snapshot-dir none",
    },
    { path },
    cause,
  );
}
