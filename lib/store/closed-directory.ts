/** Names the directory that keeps a file from being looked at: the file itself may not even exist. */
import { dirname } from 'node:path';
import { hasErrno, ioError, type RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import type { DurableFs } from './durable-fs.ts';

/** An error of the system about a path, with what is the reason: a directory that may not be entered, a long path. */
export function lookError(fs: DurableFs, error: unknown, path: string, doing: string): RollbackError {
  const known = ioError(error, path, doing);
  if (hasErrno(known.cause, 'ENAMETOOLONG'))
    return known.saying({ next: `Give ${dirname(path)} a shorter path (a bind mount)` });
  const closed = hasErrno(known.cause, 'EACCES') ? closedDirectory(fs, path) : null;
  if (closed === null) return known;
  const { uid, gid, mode } = fs.lstat(closed);
  const rights = `owner ${uid}, group ${gid}, mode ${mode.toString(8)}`;
  const open = shellCommand(['chmod', 'u+x', closed]);
  return known.saying(
    {
      what: `This user may not enter a directory (${rights}): EACCES, permission denied`,
      next: `Run as the node's user (or root). Its owner needs the permission x on a directory: \`${open}\``,
    },
    { path: closed },
  );
}

/** The lowest directory above a path that can be looked at; null when the path itself can. */
function closedDirectory(fs: DurableFs, path: string): string | null {
  for (let dir = path; ; dir = dirname(dir)) {
    try {
      return fs.lstat(dir).kind === 'directory' && dir !== path ? dir : null;
    } catch (error) {
      if (!hasErrno(error, 'EACCES') || dir === dirname(dir)) return null;
    }
  }
}
