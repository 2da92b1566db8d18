/** Finds a database's roots and refuses, with a hint, directories that are none. */
import { basename, dirname, join, sep } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { isTableName, parseSegmentFileName } from '../format/file-names.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';

/** Name of the directory in a table that holds its segment files. */
export const SEGMENTS_DIR = 'segments';

/** How many suggestions a hint names at most. */
const MAX_SUGGESTIONS = 5;

/** How many directories are looked into for a hint: somebody may have passed `/`. */
const MAX_LOOKS = 1000;

/** lstat, or null when there is nothing. @throws RollbackError ERR_IO */
export function lstatOrNull(fs: DurableFs, path: string): FileStat | null {
  try {
    return fs.lstat(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw ioError(error, path, 'look at a file');
  }
}

/** Sorted names in a directory. @throws RollbackError ERR_IO */
export function listDirectory(fs: DurableFs, path: string): string[] {
  try {
    return fs.readdir(path).sort();
  } catch (error) {
    throw ioError(error, path, 'list a directory');
  }
}

/**
 * Real paths of the given roots, in the order given.
 * @throws RollbackError ERR_USAGE (none given), ERR_ROOT_NOT_FOUND, ERR_ROOT_NOT_A_DIRECTORY, ERR_ROOT_TWICE,
 *   ERR_ROOT_NESTED, ERR_IO
 */
export function resolveRoots(fs: DurableFs, dirs: readonly string[]): string[] {
  if (!Array.isArray(dirs) || dirs.length === 0) {
    const what = Array.isArray(dirs) ? 'No root was given' : 'The roots are no list';
    throw new RollbackError('ERR_USAGE', { what, next: 'Pass every root with --src' });
  }
  const seen = new Map<string, string>();
  const roots = dirs.map((dir) => resolveRoot(fs, dir, seen));
  for (const a of roots) {
    for (const b of roots) {
      if (a !== b && b.startsWith(a.endsWith(sep) ? a : a + sep)) throw nested(a, b);
    }
  }
  return roots;
}

function resolveRoot(fs: DurableFs, dir: string, seen: Map<string, string>): string {
  let real: string;
  try {
    real = fs.realpath(dir);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) throw notFound(fs, dir, error);
    throw ioError(error, dir, 'resolve a root');
  }
  const stat = fs.lstat(real);
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

function notFound(fs: DurableFs, dir: string, cause: unknown): RollbackError {
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
      why: 'Working on the other roots alone could destroy the database',
      next: `Check the spelling, and that its disk is mounted.${beside}`,
    },
    { path: dir },
    cause,
  );
}

function nested(outer: string, inner: string): RollbackError {
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

/**
 * Names of the tables in one root, and of directories that look like tables but whose name the engine does
 * not accept.
 * @throws RollbackError ERR_SYMBOLIC_LINK, ERR_ROOT_IS_A_TABLE, ERR_ROOT_IS_A_SEGMENTS_DIRECTORY,
 *   ERR_ROOT_WITHOUT_TABLE, ERR_IO
 */
export function findTables(fs: DurableFs, root: string): { tables: string[]; notTables: string[] } {
  const tables: string[] = [];
  const notTables: string[] = [];
  for (const name of listDirectory(fs, root)) {
    if (isTableName(name)) {
      if (holdsSegments(fs, join(root, name))) tables.push(name);
    } else if (looksLikeTable(fs, join(root, name))) notTables.push(name);
  }
  if (tables.length === 0) throw withoutTable(fs, root, notTables);
  return { tables, notTables };
}

function holdsSegments(fs: DurableFs, dir: string): boolean {
  const stat = lstatOrNull(fs, dir);
  if (stat === null || (stat.kind !== 'directory' && stat.kind !== 'link')) return false;
  const segments = lstatOrNull(fs, join(dir, SEGMENTS_DIR));
  if (segments === null || segments.kind === 'file' || segments.kind === 'other') return false;
  if (stat.kind === 'link') throw linkedDirectory(dir, 'A table directory');
  if (segments.kind === 'link') throw linkedDirectory(join(dir, SEGMENTS_DIR), 'A segments directory');
  return true;
}

/** Of what is no table for the engine nothing is needed: `lost+found`, say, is closed to everybody but root. */
function looksLikeTable(fs: DurableFs, dir: string): boolean {
  return isDirectory(fs, dir) && isDirectory(fs, join(dir, SEGMENTS_DIR));
}

/** False also for what this user may not look at. */
function isDirectory(fs: DurableFs, path: string): boolean {
  try {
    return fs.lstat(path).kind === 'directory';
  } catch {
    return false; // only hints are made of this
  }
}

function linkedDirectory(path: string, what: string): RollbackError {
  return new RollbackError(
    'ERR_SYMBOLIC_LINK',
    {
      what: `${what} is a symbolic link`,
      why: 'The engine would follow it out of the root, where this tool neither locks nor writes',
      next: 'Replace the link by the directory itself or by a bind mount, then run the command again',
    },
    { path },
  );
}

function withoutTable(fs: DurableFs, root: string, notTables: readonly string[]): RollbackError {
  if (looksLikeSegments(fs, root)) {
    const suggestion = dirname(dirname(root));
    return new RollbackError(
      'ERR_ROOT_IS_A_SEGMENTS_DIRECTORY',
      {
        what: 'This is the segments directory of one table, not a root',
        next: `Probably meant: ${suggestion}`,
      },
      { path: root },
    );
  }
  const segments = lstatOrNull(fs, join(root, SEGMENTS_DIR));
  if (segments !== null && segments.kind === 'directory') {
    return new RollbackError(
      'ERR_ROOT_IS_A_TABLE',
      {
        what: `This is one table (${basename(root)}), not a root`,
        next: `Probably meant: ${dirname(root)}, with --table ${basename(root)}`,
      },
      { path: root },
    );
  }
  const below = findRootsBelow(fs, root);
  const odd =
    notTables.length > 0 ? ` Not tables for the engine, by their names: ${notTables.join(', ')}.` : '';
  const hint = below.length > 0 ? `Probably meant: ${below.join(' or ')}` : 'Check the path';
  return new RollbackError(
    'ERR_ROOT_WITHOUT_TABLE',
    {
      what: 'This directory holds no table',
      why: `A table is a directory with a ${SEGMENTS_DIR} directory in it, and the engine makes one in every root.${odd}`,
      next: hint,
    },
    { path: root },
  );
}

function looksLikeSegments(fs: DurableFs, dir: string): boolean {
  return listDirectory(fs, dir).some((name) => {
    try {
      const { kind } = parseSegmentFileName(name);
      return kind === 'metadata' || kind === 'keys' || kind === 'values';
    } catch {
      return false; // a foreign name proves nothing
    }
  });
}

/** Directories at most three levels below that hold tables. */
function findRootsBelow(fs: DurableFs, dir: string): string[] {
  const found: string[] = [];
  let looks = MAX_LOOKS;
  const visit = (at: string, depth: number): void => {
    if (found.length >= MAX_SUGGESTIONS || looks-- <= 0) return;
    let names: string[];
    try {
      names = fs.readdir(at).sort();
    } catch {
      return; // unreadable: nothing to suggest from there
    }
    const directories = names.map((n) => join(at, n)).filter((p) => isDirectory(fs, p));
    if (depth > 0 && directories.some((d) => isDirectory(fs, join(d, SEGMENTS_DIR)))) {
      found.push(at);
      return;
    }
    if (depth < 4) for (const d of directories) visit(d, depth + 1);
  };
  visit(dir, 0);
  return found.slice(0, MAX_SUGGESTIONS);
}
