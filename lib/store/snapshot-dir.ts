/** The directory in which the engine publishes snapshots, as the operator gives it. */
import { RollbackError } from '../errors.ts';
import type { DurableFs } from './durable-fs.ts';

/**
 * The real path of the snapshot directory, checked.
 * @throws RollbackError ERR_SNAPSHOT_DIR_WRONG
 */
export function resolveSnapshotDir(fs: DurableFs, dir: string, roots: readonly string[]): string {
  let real: string;
  try {
    real = fs.realpath(dir);
  } catch (error) {
    throw snapshotDirError(dir, 'The snapshot directory does not exist', error);
  }
  if (fs.lstat(real).kind !== 'directory')
    throw snapshotDirError(dir, 'The snapshot directory is not a directory');
  if (roots.includes(real)) throw snapshotDirError(dir, 'The snapshot directory is one of the roots');
  return real;
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
