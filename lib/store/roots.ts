/** Resolves the roots of a database, and refuses impossible ones. */
import { dirname, sep } from 'node:path';
import { hasErrno, RollbackError } from '../errors.ts';
import { refuseBadRoots } from '../input/checks.ts';
import { lookError } from './closed-directory.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { refuseForeignPath, refuseReplacedPath } from './foreign-path.ts';

/** Name of the directory in a table that holds its segment files. */
export const SEGMENTS_DIR = 'segments';

/** How many suggestions a hint names at most. */
export const MAX_SUGGESTIONS = 5;

/** lstat, or null when there is nothing. @throws RollbackError ERR_IO */
export function lstatOrNull(fs: DurableFs, path: string): FileStat | null {
  try {
    return fs.lstat(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw lookError(fs, error, path, 'look at a file');
  }
}

/** Sorted names in a directory. @throws RollbackError ERR_IO */
export function listDirectory(fs: DurableFs, path: string): string[] {
  try {
    return fs.readdir(path).sort();
  } catch (error) {
    throw lookError(fs, error, path, 'list a directory');
  }
}

/**
 * Real paths of the given roots, in the order given.
 * @throws RollbackError ERR_USAGE (none given), ERR_ROOT_NOT_FOUND, ERR_ROOT_NOT_A_DIRECTORY, ERR_ROOT_TWICE,
 *   ERR_ROOT_NESTED, ERR_PATH_BYTES, ERR_IO
 */
export function resolveRoots(fs: DurableFs, dirs: readonly string[]): string[] {
  refuseBadRoots(dirs);
  const seen = new Map<string, string>();
  const roots = dirs.map((dir) => resolveRoot(fs, dir, seen, dirs.length === 1));
  for (const a of roots) {
    for (const b of roots) {
      if (a !== b && b.startsWith(a.endsWith(sep) ? a : a + sep)) throw nestedRootsError(a, b);
    }
  }
  return roots;
}

function resolveRoot(fs: DurableFs, dir: string, seen: Map<string, string>, isOnly: boolean): string {
  let real: string;
  try {
    real = fs.realpath(dir);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw lookError(fs, error, dir, 'resolve a root');
    refuseReplacedPath(fs, dir);
    throw rootNotFoundError(fs, dir, isOnly, error);
  }
  refuseForeignPath(real);
  const stat = lstatOrNull(fs, real);
  if (stat === null) throw rootNotFoundError(fs, dir, isOnly, undefined);
  if (stat.kind !== 'directory') {
    throw new RollbackError(
      'ERR_ROOT_NOT_A_DIRECTORY',
      {
        what: 'A root must be a directory, and this is a file',
        next: 'Pass the directory that holds the tables',
      },
      { path: dir },
    );
  }
  const identity = `${stat.dev}:${stat.ino}`;
  const earlier = seen.get(identity);
  if (earlier !== undefined) {
    throw new RollbackError(
      'ERR_ROOT_TWICE',
      {
        what: `The same root was given twice: ${earlier} and ${dir} are one directory`,
        why: 'Every file in it would count twice, and a root may be missing instead',
        next: 'Pass each root once, and check that none was forgotten',
      },
      { path: real },
    );
  }
  seen.set(identity, dir);
  return real;
}

function rootNotFoundError(fs: DurableFs, dir: string, isOnly: boolean, cause: unknown): RollbackError {
  const parent = dirname(dir);
  let beside = '';
  try {
    const names = fs.readdir(parent).slice(0, MAX_SUGGESTIONS);
    if (names.length > 0) beside = ` ${parent} holds: ${names.join(', ')}.`;
  } catch {
    // The parent does not exist either: there is nothing to suggest.
  }
  return new RollbackError(
    'ERR_ROOT_NOT_FOUND',
    {
      what: 'A root does not exist',
      why: isOnly ? undefined : 'Working on the other roots alone could destroy the database',
      next: `Check the spelling, and that its disk is mounted.${beside}`,
    },
    { path: dir },
    cause,
  );
}

function nestedRootsError(outer: string, inner: string): RollbackError {
  return new RollbackError(
    'ERR_ROOT_NESTED',
    {
      what: `One root lies inside another: ${inner} is below ${outer}`,
      why: 'The roots of one database lie side by side; one of the two paths is wrong',
      next: "Pass the directories that the node's configuration names as data directories",
    },
    { path: inner },
  );
}
