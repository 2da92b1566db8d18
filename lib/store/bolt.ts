/**
 * Bolts: files in `segments/` whose name makes the engine refuse even when the locks were removed by hand. A
 * bolt holds the id of its transaction, and only that transaction removes it.
 */
import { join } from 'node:path';
import { isTableName } from '../format/file-names.ts';
import { otherRollbackError } from './claim-file.ts';
import { createAtOnce, createTemporary, readSmallFile, temporaryName } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { listDirectory, lstatOrNull, SEGMENTS_DIR } from './roots.ts';

/**
 * The bolt: the engine reads a segment number from each `.keys` file before it does anything else. It cannot
 * read one from this name, refuses to open, and prints the name.
 */
export const BOLT_FILE = 'UNFINISHED-ROLLBACK--run-litt-rollback-resume.keys';

const BOLT_MODE = 0o600;
const MAX_BOLT_BYTES = 4096;

/**
 * Puts a transaction's bolt into a segments directory; its directory is synced.
 * @throws RollbackError ERR_LOCKED when another transaction's bolt lies there; raw errors
 */
export function placeBolt(fs: DurableFs, segmentsDir: string, id: string): void {
  const { uid, gid } = fs.lstat(segmentsDir);
  const path = join(segmentsDir, BOLT_FILE);
  const bytes = Buffer.from(`${id}\n`);
  const isThere =
    lstatOrNull(fs, path) !== null ||
    !createAtOnce(fs, path, temporaryName(path), (prepared) =>
      createTemporary(fs, prepared, bytes, { mode: BOLT_MODE, uid, gid }),
    );
  if (isThere && !mayHandle(fs, path, id)) throw otherRollbackError(path);
  fs.fsyncDir(segmentsDir);
}

/**
 * Removes a transaction's bolt from a segments directory, durably, even if a killed process has removed it just
 * now. Another transaction's bolt stays.
 * @param id null for the bolt of any transaction
 */
export function removeBolt(fs: DurableFs, segmentsDir: string, id: string | null): void {
  const path = join(segmentsDir, BOLT_FILE);
  if (lstatOrNull(fs, path) !== null && (id === null || mayHandle(fs, path, id))) fs.unlink(path);
  if (lstatOrNull(fs, temporaryName(path)) !== null) fs.unlink(temporaryName(path));
  fs.fsyncDir(segmentsDir);
}

function mayHandle(fs: DurableFs, path: string, id: string): boolean {
  return [id, null].includes(ownerOf(fs, path));
}

/** The transaction of a bolt; null for an empty one, which an older version placed, and for a torn one. */
function ownerOf(fs: DurableFs, path: string): string | null {
  const text = readSmallFile(fs, path, MAX_BOLT_BYTES).toString('latin1');
  return /^([0-9a-f-]{36})\n$/.exec(text)?.[1] ?? null;
}

/** The first bolt in a root, and its transaction; null without one. */
export function boltIn(fs: DurableFs, root: string): { path: string; owner: string | null } | null {
  const [path] = boltsIn(fs, root);
  return path === undefined ? null : { path, owner: ownerOf(fs, path) };
}

/** Every bolt in a root. */
export function boltsIn(fs: DurableFs, root: string): string[] {
  const paths = possibleTables(fs, root).map((name) => join(root, name, SEGMENTS_DIR, BOLT_FILE));
  return paths.filter((path) => lstatOrNull(fs, path) !== null);
}

/** What may be a table of a directory, by its name: `lost+found`, say, is not, and only root may read it. */
export function possibleTables(fs: DurableFs, dir: string): string[] {
  return listDirectory(fs, dir).filter(isTableName);
}

/** The segments directories of a table, one for each root that has the table. */
export function segmentsDirs(fs: DurableFs, roots: readonly string[], table: string): string[] {
  const dirs = roots.map((root) => join(root, table, SEGMENTS_DIR));
  return dirs.filter((dir) => lstatOrNull(fs, dir)?.kind === 'directory');
}
