/**
 * The directory of this program in a root, `.litt-rollback/`, and in it one area for each transaction. The
 * engine ignores it: it has no `segments` child, and no name in it ends like those that the engine's tools look
 * for.
 *
 * An area holds `journal.json` while its transaction is open, `undo.json` (the same document) afterwards, the
 * marks of the transaction's progress, and in `kept/` the undo data.
 */
import { join } from 'node:path';
import { ioError } from '../errors.ts';
import { decodeChecksummed, encodeChecksummed } from '../format/checksummed-json.ts';
import { type FileOwner, isTemporaryName, readSmallFile, writeFileDurably } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { makeDirFor, makeOwnDir, OWN_DIR, ownDirIn, ownDirOwner } from './root-set.ts';
import { listDirectory, lstatOrNull } from './roots.ts';

/** The open transaction's document. */
export const JOURNAL_FILE = 'journal.json';
/** The same document once the transaction is closed. */
export const UNDO_FILE = 'undo.json';
/** Every intent is durable: from now on the transaction must be finished. */
export const COMMITTED_MARK = 'committed';
/** Every step is durable. */
export const DONE_MARK = 'done';
/** The transaction is being reverted; lists the engine's later files that must be moved away. */
export const UNDOING_MARK = 'undoing';
/** Every inverse step is durable. */
export const UNDONE_MARK = 'undone';
/** The process that works on the transaction. */
export const RUNNER_FILE = 'runner';
/** Directory of undo data. */
export const KEPT_DIR = 'kept';

/** A document names every file of the planned tables. */
const MAX_DOCUMENT_BYTES = 512 * 1024 * 1024;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TRASH = 'trash-';

/** Absolute path of a transaction's area in a root (or in the snapshot directory). */
export function areaPath(root: string, id: string): string {
  return join(root, OWN_DIR, id);
}

/** Makes a transaction's area with its `kept/`, durably. */
export function makeArea(fs: DurableFs, root: string, id: string): string {
  const owner = ownDirOwner(fs, root);
  makeOwnDir(fs, root);
  const area = areaPath(root, id);
  makeDirFor(fs, area, owner);
  makeDirFor(fs, join(area, KEPT_DIR), owner);
  return area;
}

/** Gives an area to the node that a run which died had not given yet: a later run may be the node's user's. */
export function mendArea(fs: DurableFs, root: string, id: string): void {
  const area = areaPath(root, id);
  for (const dir of [join(root, OWN_DIR), area, join(area, KEPT_DIR)])
    if (lstatOrNull(fs, dir)?.kind === 'directory') makeDirFor(fs, dir, ownDirOwner(fs, root));
}

/** Owner and mode of files in a directory of ours: those of the directory, to be read and written. */
export function ownerIn(fs: DurableFs, dir: string): FileOwner {
  const { uid, gid, mode } = fs.lstat(dir);
  return { uid, gid, mode: (mode & 0o020) === 0 ? 0o600 : 0o660 };
}

/** Ids of the areas in a root, sorted, so that every run goes the same way. */
export function areaIds(fs: DurableFs, root: string): string[] {
  const own = ownDirIn(fs, root);
  return own === null ? [] : listDirectory(fs, own).filter((name) => ID.test(name));
}

/** Writes a sealed document or mark into an area, durably, owned like the area. */
export function writeChecksummed(fs: DurableFs, area: string, name: string, value: unknown): void {
  writeFileDurably(fs, join(area, name), encodeChecksummed(value), ownerIn(fs, area));
}

/** Reads a sealed document; null when it is missing or not whole. @throws RollbackError ERR_IO */
export function readChecksummed(fs: DurableFs, area: string, name: string): unknown {
  const path = join(area, name);
  if (lstatOrNull(fs, path)?.kind !== 'file') return null;
  let bytes: Buffer;
  try {
    bytes = readSmallFile(fs, path, MAX_DOCUMENT_BYTES, 'ERR_JOURNAL');
  } catch (error) {
    throw ioError(error, path, 'read a journal');
  }
  return decodeChecksummed(bytes);
}

/** Whether an area holds this whole mark. */
export function hasMark(fs: DurableFs, area: string, name: string): boolean {
  return readChecksummed(fs, area, name) !== null;
}

/** Whether an area holds undo data: the first step of a transaction has been taken. */
export function hasUndoData(fs: DurableFs, area: string): boolean {
  const kept = join(area, KEPT_DIR);
  return lstatOrNull(fs, kept)?.kind === 'directory' && listDirectory(fs, kept).length > 0;
}

/** Takes an area out of sight with one durable rename, so that freeing it may take its time. */
export function discardArea(fs: DurableFs, root: string, id: string): void {
  const area = areaPath(root, id);
  if (lstatOrNull(fs, area) === null) return;
  const own = join(root, OWN_DIR);
  fs.rename(area, freeName(fs, join(own, `${TRASH}${id}`)));
  fs.fsyncDir(own);
}

/**
 * A plan may be applied again after its last attempt was swept away, while the trash of that attempt still
 * exists.
 */
function freeName(fs: DurableFs, path: string): string {
  let free = path;
  for (let n = 1; lstatOrNull(fs, free) !== null; n++) free = `${path}.${n}`;
  return free;
}

/** Paths of the areas that discardArea() has taken out of sight. */
export function discardedAreas(fs: DurableFs, root: string): string[] {
  const names = trashIn(fs, root).filter((name) => name.startsWith(TRASH));
  return names.map((name) => join(root, OWN_DIR, name));
}

/** Whether emptyTrash() has work to do. */
export function hasTrash(fs: DurableFs, root: string): boolean {
  return trashIn(fs, root).length > 0;
}

/**
 * Frees the areas that discardArea() took out of sight, including the remains of an interrupted run, and
 * half-written files of this program's directory.
 * @param standing a transaction whose fence still stands here: its area is the proof that the fence is but a trace
 */
export function emptyTrash(fs: DurableFs, root: string, standing: string | null = null): void {
  const trash = trashIn(fs, root).filter((name) => standing === null || !name.includes(standing));
  if (trash.length === 0) return;
  const own = join(root, OWN_DIR);
  // A killed run may not have made the rename durable: an area must not come back without its marks.
  fs.fsyncDir(own);
  for (const name of trash) fs.removeTree(join(own, name));
  fs.fsyncDir(own);
}

function trashIn(fs: DurableFs, root: string): string[] {
  const own = ownDirIn(fs, root);
  if (own === null) return [];
  return listDirectory(fs, own).filter((name) => name.startsWith(TRASH) || isTemporaryName(name));
}

/**
 * Files of a directory's areas that mean nothing any more: the first mark of a closed transaction, whose document and
 * other marks say the same, and what lies in discarded areas.
 */
export function spareFiles(fs: DurableFs, root: string): string[] {
  const has = (area: string, name: string): boolean => lstatOrNull(fs, join(area, name)) !== null;
  const areas = areaIds(fs, root).map((id) => areaPath(root, id));
  const closed = areas.filter((area) => has(area, UNDO_FILE) && !has(area, JOURNAL_FILE));
  const trash = discardedAreas(fs, root).flatMap((area) => listDirectory(fs, area).map((n) => join(area, n)));
  return [...trash, ...closed.map((area) => join(area, COMMITTED_MARK))];
}

/** Bytes that an area holds, by file size. */
export function heldBytes(fs: DurableFs, dir: string): number {
  let bytes = 0;
  for (const name of listDirectory(fs, dir)) {
    const stat = lstatOrNull(fs, join(dir, name));
    if (stat?.kind === 'directory') bytes += heldBytes(fs, join(dir, name));
    else if (stat?.kind === 'file') bytes += stat.size;
  }
  return bytes;
}
