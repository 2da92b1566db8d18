/**
 * Paths with bytes that are not UTF-8. Inside a database such names are used unchanged. A directory that the user
 * passes must have a name that can be passed: Node replaces such bytes before this program sees them.
 */
import { isAbsolute, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { bytesOfName, hasForeignBytes } from '../format/foreign-bytes.ts';
import { quoteBytes } from '../format/printable.ts';
import type { DurableFs } from './fs-calls.ts';

/** What Node puts in the place of bytes that are not UTF-8. */
const REPLACED = '\ufffd';

/** Refuses a real path that cannot be given as an argument. @throws RollbackError ERR_PATH_BYTES */
export function refuseForeignPath(real: string): void {
  if (hasForeignBytes(real)) throw foreignPathError(real);
}

/**
 * Of a path that leads nowhere: refuses it when it, or a directory on the way, is a real one whose bytes Node has
 * replaced.
 * @throws RollbackError ERR_PATH_BYTES
 */
export function refuseReplacedPath(fs: DurableFs, path: string): void {
  if (!path.includes(REPLACED)) return;
  let real = isAbsolute(path) ? '/' : '.';
  for (const name of path.split('/').filter((part) => part !== '')) {
    const found = name.includes(REPLACED) ? nameLike(fs, real, name) : name;
    if (found === null) break;
    real = join(real, found);
  }
  refuseForeignPath(real);
}

/** A name in a directory that Node would give as this text; null when there is none. */
function nameLike(fs: DurableFs, dir: string, text: string): string | null {
  try {
    return fs.readdir(dir).find((name) => bytesOfName(name).toString('utf8') === text) ?? null;
  } catch {
    return null; // There is no such directory, or this user may not look into it: nothing more can be told.
  }
}

function foreignPathError(path: string): RollbackError {
  return new RollbackError('ERR_PATH_BYTES', {
    what: `A path holds bytes that are not UTF-8: ${quoteBytes(bytesOfName(path))}`,
    why: 'Such a path cannot be passed to this program. Nothing was changed',
    next: 'Pass another path to the same directory: rename it, or mount it (mount --bind) under another name',
  });
}
