/**
 * After an apply each root remembers its set of roots, so that a later run notices a forgotten one even though
 * the keymap, the other witness, is gone.
 */
import { join } from 'node:path';
import { errnoOf, hasErrno, ioError, RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import { type FileOwner, readSmallFile, temporaryName, writeFileDurably } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { give, nodeOwner } from './ownership.ts';
import { lstatOrNull } from './roots.ts';

/** The directory of this program in a root; the engine ignores it: it has no `segments` child. */
export const OWN_DIR = '.litt-rollback';
const MEMORY_FILE = 'root-set.json';
const FORMAT = 'litt-rollback/root-set';
const MAX_BYTES = 4096;

/** The memory of the given roots, taken together. */
export type RememberedSet =
  /** No root remembers a set, or they disagree about sets that are no larger than the given one. */
  | { readonly state: 'none' }
  /** All roots of the remembered set are given. */
  | { readonly state: 'complete'; readonly id: string }
  /** Roots of the remembered set are missing. */
  | { readonly state: 'incomplete'; readonly given: number; readonly expected: number };

interface Memory {
  readonly id: string;
  readonly roots: number;
}

/** Compares what each given root remembers. A damaged file counts as no memory. @throws RollbackError ERR_IO */
export function readRootSet(fs: DurableFs, roots: readonly string[]): RememberedSet {
  const memories = roots.map((root) => readMemory(fs, root)).filter((m): m is Memory => m !== null);
  const [first] = memories;
  if (first === undefined) return { state: 'none' };
  const agree = memories.every((m) => m.id === first.id);
  const short = agree ? first : memories.find((m) => m.roots > roots.length);
  if (short === undefined) return { state: 'none' };
  const given = memories.filter((m) => m.id === short.id).length;
  if (given >= short.roots) return { state: 'complete', id: short.id };
  return { state: 'incomplete', given, expected: short.roots };
}

/** Which set one root remembers; null where it remembers none. @throws RollbackError ERR_IO */
export function rootSetIdOf(fs: DurableFs, root: string): string | null {
  return readMemory(fs, root)?.id ?? null;
}

function readMemory(fs: DurableFs, root: string): Memory | null {
  const path = join(root, OWN_DIR, MEMORY_FILE);
  try {
    const parsed: unknown = JSON.parse(readSmallFile(fs, path, MAX_BYTES).toString());
    if (typeof parsed !== 'object' || parsed === null) return null;
    const { format, id, roots: count } = parsed as Record<string, unknown>;
    if (format !== FORMAT || typeof id !== 'string' || !Number.isSafeInteger(count)) return null;
    return { id, roots: count as number };
  } catch (error) {
    // What cannot be read may say that a root was forgotten; what is not there, or damaged, says nothing.
    const says = errnoOf(error) !== null && !hasErrno(error, 'ENOENT', 'ENOTDIR');
    if (says) throw ioError(error, path, 'read which roots belong together');
    return null;
  }
}

/**
 * Writes the set into every root.
 * @throws what the file system throws
 */
export function writeRootSet(fs: DurableFs, roots: readonly string[], id: string): void {
  for (const root of roots) {
    const { uid, gid } = fs.lstat(makeOwnDir(fs, root));
    const text = `${JSON.stringify({ format: FORMAT, version: 1, id, roots: roots.length })}\n`;
    writeFileDurably(fs, join(root, OWN_DIR, MEMORY_FILE), Buffer.from(text), { mode: 0o644, uid, gid });
  }
}

/** Makes `.litt-rollback` in a root, or mends what is there; returns its path. */
export function makeOwnDir(fs: DurableFs, root: string): string {
  ownDirIn(fs, root);
  const dir = join(root, OWN_DIR);
  makeDirFor(fs, dir, ownDirOwner(fs, root));
  return dir;
}

/**
 * The directory of this program in a root; null if there is none. Reading and writing follow this one rule: it
 * is a real directory and no mount point, since a rename into it must stay in its file system, and following a
 * link would change files elsewhere.
 * @throws RollbackError ERR_SYMBOLIC_LINK, ERR_NOT_A_REGULAR_FILE, ERR_PREFLIGHT (a mount point); raw errors
 */
export function ownDirIn(fs: DurableFs, root: string): string | null {
  const path = join(root, OWN_DIR);
  const stat = lstatOrNull(fs, path);
  if (stat === null) return null;
  if (stat.kind === 'directory') {
    if (fs.mountPoints().has(path)) throw mountedError(path);
    return path;
  }
  const isLink = stat.kind === 'link';
  throw new RollbackError(
    isLink ? 'ERR_SYMBOLIC_LINK' : 'ERR_NOT_A_REGULAR_FILE',
    {
      what: isLink
        ? 'The directory of this program is a symbolic link'
        : 'A file lies where the directory of this program belongs',
      why: 'What undo needs is moved there by renames within the root; behind a link it could be lost, or lie on another disk',
      next: isLink
        ? `Put the real directory in its place: remove the link, move what it leads to to ${path}, and run the command again`
        : `Find out what put it there, move it away, and run the command again`,
    },
    { path },
  );
}

function mountedError(path: string): RollbackError {
  const umount = shellCommand(['umount', path]);
  return new RollbackError(
    'ERR_PREFLIGHT',
    {
      what: 'The directory of this program is a mount point',
      why: 'What undo needs is moved there by renames within the root, and nothing moves across a mount point. What an earlier rollback keeps lies under it, or on it',
      next: `Copy elsewhere what lies on it, if anything does; take it off (\`${umount}\`); copy that into the directory, and run the command again`,
    },
    { path },
  );
}

/**
 * Makes a directory of ours in a root, durably. It is made under another name, given to the node, and then gets its own:
 * a run that dies leaves none that shuts the node out. One that is there is given to the node, if it was left so.
 * @param owner what `ownDirOwner` says of the root
 */
export function makeDirFor(fs: DurableFs, dir: string, owner: FileOwner): void {
  const stat = lstatOrNull(fs, dir);
  if (stat !== null) {
    giveDir(fs, dir, stat, owner);
    return;
  }
  const prepared = temporaryName(dir);
  if (lstatOrNull(fs, prepared) !== null) fs.rmdir(prepared);
  fs.mkdir(prepared, owner.mode);
  const made = fs.lstat(prepared);
  giveDir(fs, prepared, made, owner);
  // Only a directory that a group shares is opened further than the umask allows.
  if ((owner.mode & GROUP_WRITES & ~made.mode) !== 0) fs.chmod(prepared, (made.mode & SET_GID) | owner.mode);
  fs.rename(prepared, dir);
  fs.fsyncDir(join(dir, '..'));
}

const GROUP_WRITES = 0o020;
const SET_GID = 0o2000;

/** Its owner is not part of its name, and becomes durable by itself. */
function giveDir(fs: DurableFs, dir: string, { uid, gid }: FileStat, owner: FileOwner): void {
  const to = { uid: owner.uid ?? uid, gid: owner.gid ?? gid };
  if (uid === to.uid && gid === to.gid) return;
  give(fs, dir, { uid, gid }, to);
  fs.fsyncDir(dir);
}

/** Owner and mode of our directories in a root: the node's, and open to its group where the root is. */
export function ownDirOwner(fs: DurableFs, root: string): FileOwner {
  return { ...nodeOwner(fs, root), mode: (fs.lstat(root).mode & 0o770) | 0o700 };
}
