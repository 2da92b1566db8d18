/** Finds the tables in a root; for a directory without tables it says what was probably meant. */
import { basename, dirname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { isTableName, parseSegmentFileName } from '../format/file-names.ts';
import { shellCommand } from '../format/shell-word.ts';
import type { DurableFs } from './durable-fs.ts';
import { lookAt } from './reading.ts';
import { listDirectory, lstatOrNull, MAX_SUGGESTIONS, SEGMENTS_DIR } from './roots.ts';

/** How many directories are looked into for a hint: the user may have passed `/`. */
const MAX_LOOKS = 1000;

/**
 * Names of the tables in one root, and of directories that look like tables but whose name the engine does
 * not accept.
 * @param onUnreadable told of what may be a table and cannot be looked into; without it that is refused
 * @param beside all roots of the database: their tables tell what an empty root lacks
 * @throws RollbackError ERR_SYMBOLIC_LINK, ERR_ROOT_IS_A_TABLE, ERR_ROOT_IS_A_SEGMENTS_DIRECTORY,
 *   ERR_ROOT_WITHOUT_TABLE, ERR_IO
 */
export function findTables(
  fs: DurableFs,
  root: string,
  onUnreadable?: (table: string, error: RollbackError) => void,
  beside: readonly string[] = [],
): { tables: string[]; notTables: string[] } {
  const tables: string[] = [];
  const notTables: string[] = [];
  let isUnclear = false;
  for (const name of listDirectory(fs, root)) {
    if (isTableName(name)) {
      const dir = join(root, name);
      const note = onUnreadable && ((error: RollbackError) => onUnreadable(name, error));
      const isTable = lookAt(dir, () => holdsSegments(fs, dir), note);
      if (isTable === true) tables.push(name);
      isUnclear ||= isTable === null;
    } else if (looksLikeTable(fs, join(root, name))) notTables.push(name);
  }
  if (tables.length === 0 && !isUnclear) throw noTableError(fs, root, notTables, beside);
  return { tables, notTables };
}

function holdsSegments(fs: DurableFs, dir: string): boolean {
  const stat = lstatOrNull(fs, dir);
  if (stat === null || (stat.kind !== 'directory' && stat.kind !== 'link')) return false;
  const segments = lstatOrNull(fs, join(dir, SEGMENTS_DIR));
  if (segments === null || segments.kind === 'file' || segments.kind === 'other') return false;
  if (stat.kind === 'link') throw linkedDirectoryError(dir, 'A table directory');
  if (segments.kind === 'link') throw linkedDirectoryError(join(dir, SEGMENTS_DIR), 'A segments directory');
  return true;
}

/**
 * Refuses a link in the place of a table directory in a root without the table: if the link leads nowhere, its
 * disk is not mounted, and the files behind it are missing.
 * @throws RollbackError ERR_SYMBOLIC_LINK
 */
export function refuseLinkedTable(fs: DurableFs, root: string, table: string): void {
  const dir = join(root, table);
  if (lstatOrNull(fs, dir)?.kind === 'link') throw linkedDirectoryError(dir, 'A table directory');
}

/**
 * A directory that the engine does not take for a table is not read: `lost+found`, say, is closed to all but
 * root.
 */
function looksLikeTable(fs: DurableFs, dir: string): boolean {
  return isDirectory(fs, dir) && isDirectory(fs, join(dir, SEGMENTS_DIR));
}

/** False also for a directory that this user may not read. */
function isDirectory(fs: DurableFs, path: string): boolean {
  try {
    return fs.lstat(path).kind === 'directory';
  } catch {
    return false; // only hints use this
  }
}

function linkedDirectoryError(path: string, what: string): RollbackError {
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

function noTableError(
  fs: DurableFs,
  root: string,
  notTables: readonly string[],
  beside: readonly string[],
): RollbackError {
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
  if (listDirectory(fs, root).every(isOfNoDatabase)) return emptyRootError(fs, root, beside);
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

/** What lies in a directory that nothing uses: our own files, those of the file system, and hidden ones. */
const isOfNoDatabase = (name: string): boolean => name.startsWith('.') || name === 'lost+found';

/** A mount point without its disk is empty, too. */
function emptyRootError(fs: DurableFs, root: string, beside: readonly string[]): RollbackError {
  const others = beside.filter((other) => other !== root);
  const names = others.flatMap((other) =>
    listDirectory(fs, other).filter((name) => isTableName(name) && looksLikeTable(fs, join(other, name))),
  );
  const dirs = [...new Set(names)].map((name) => join(root, name, SEGMENTS_DIR));
  const disk = 'Check that its disk is mounted';
  const make = `make the directories as the node's user: \`${shellCommand(['mkdir', '-p', ...dirs])}\``;
  return new RollbackError(
    'ERR_ROOT_WITHOUT_TABLE',
    {
      what: 'This root is empty',
      why: `The engine makes a directory with a ${SEGMENTS_DIR} directory in it for each table in every root`,
      next:
        dirs.length === 0
          ? disk
          : `${disk}. If it is new, or a copy has lost its empty directories, leave it out, or ${make}`,
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
