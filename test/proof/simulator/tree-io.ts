/** Trees from disk into memory and back, and what one looks like, in the form of test/helpers/tree.ts. */
import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../helpers/image.ts';
import type { Tree, TreeEntry } from '../../helpers/tree.ts';
import { type DirectoryNode, type FileNode, type Inode, ROOT_ID } from './inodes.ts';
import { MemoryFs, type MemoryOptions } from './memory-fs.ts';
import { failing, find } from './path-walk.ts';

/** A tree on disk as a file system in memory, below the same (real) path, with its inode numbers and times. */
export function loadTree(realDir: string, options: MemoryOptions = {}): MemoryFs {
  const fs = new MemoryFs(options);
  loadInto(fs, realDir);
  return fs;
}

/** Adds another tree from disk. Every file counts as durable. */
export function loadInto(fs: MemoryFs, realDir: string): void {
  if (realpathSync(realDir) !== realDir) throw new Error(`not a real path: ${realDir}`);
  const parts = realDir.split('/').filter((part) => part !== '');
  let directory = ROOT_ID;
  let path = '';
  const known = new Map<string, number>();
  for (const part of parts.slice(0, -1)) {
    path += `/${part}`;
    directory = fs.store.directory(directory).entries.get(part) ?? load(fs, path, directory, part, known);
  }
  loadDeep(fs, realDir, directory, parts.at(-1) as string, known);
  fs.layerEnd = fs.store.nextId;
}

function loadDeep(
  fs: MemoryFs,
  path: string,
  directory: number,
  name: string,
  known: Map<string, number>,
): void {
  const id = load(fs, path, directory, name, known);
  if (fs.store.get(id).kind !== 'directory') return;
  for (const child of readdirSync(path)) loadDeep(fs, join(path, child), id, child, known);
}

/** One inode and its name; the names of a file with several links lead to one inode. */
function load(
  fs: MemoryFs,
  path: string,
  directory: number,
  name: string,
  known: Map<string, number>,
): number {
  const stat = lstatSync(path, { bigint: true });
  const identity = `${stat.dev}:${stat.ino}`;
  const isShared = stat.nlink > 1n && !stat.isDirectory();
  let id = isShared ? known.get(identity) : undefined;
  if (id === undefined) {
    id = fs.store.nextId;
    known.set(identity, id);
    fs.store.inoBase = Math.max(fs.store.inoBase, Number(stat.ino));
    const above = fs.store.get(directory).dev;
    const isBelowMount = (fs.options.mounts ?? []).some((mount) => `${path}/`.startsWith(`${mount}/`));
    fs.store.add({
      id,
      ino: String(stat.ino),
      dev: fs.deviceAt(path, isBelowMount ? above : String(stat.dev)),
      mode: Number(stat.mode & 0o7777n),
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      links: 0,
      mtimeNs: String(stat.mtimeNs),
      owner: {},
      ...nodeOf(path, stat, directory),
    } as Inode);
  }
  fs.store.setEntry(directory, name, id);
  return id;
}

function nodeOf(path: string, stat: ReturnType<typeof lstatSync>, parent: number) {
  if (stat?.isDirectory() === true) return { kind: 'directory', entries: new Map(), parent };
  if (stat?.isFile() === true) return { kind: 'file', bytes: readFileSync(path) };
  if (stat?.isSymbolicLink() === true) return { kind: 'link', target: readlinkSync(path) };
  return { kind: 'other' };
}

/** What to say of a tree. */
export interface DumpOptions {
  /** Inode numbers and times of change, which differ between two equal results; default true. */
  readonly identity?: boolean;
}

/** Every entry below a directory, with the fields that `treeOf` gives for a tree on disk. */
export function dump(fs: MemoryFs, top: string, options: DumpOptions = {}): Tree {
  const tree = new Map<string, TreeEntry>();
  const visit = (id: number, rel: string): void => {
    const inode = fs.store.get(id);
    tree.set(rel, entryOf(inode, options.identity ?? true));
    if (inode.kind !== 'directory') return;
    for (const [name, child] of [...inode.entries].sort(byName))
      visit(child, rel === '.' ? name : `${rel}/${name}`);
  };
  visit(directoryAt(fs, top).id, '.');
  return tree;
}

function entryOf(inode: Inode, withIdentity: boolean): TreeEntry {
  const { kind, mode, uid, gid } = inode;
  if (inode.kind === 'link') return { kind, mode, uid, gid, target: inode.target };
  if (inode.kind !== 'file') return { kind, mode, uid, gid };
  const entry = {
    kind,
    mode,
    uid,
    gid,
    size: inode.bytes.length,
    sha256: hashOf(inode.bytes),
    nlink: inode.links,
  };
  return withIdentity ? { ...entry, ino: inode.ino, mtime: inode.mtimeNs } : entry;
}

/** Every entry below a directory, in the order of names, by path relative to it; quicker than `dump`. */
export function entriesBelow(fs: MemoryFs, top: string): (readonly [string, Inode])[] {
  const entries: (readonly [string, Inode])[] = [];
  const visit = (id: number, rel: string): void => {
    const inode = fs.store.get(id);
    entries.push([rel, inode]);
    if (inode.kind !== 'directory') return;
    for (const [name, child] of [...inode.entries].sort(byName))
      visit(child, rel === '.' ? name : `${rel}/${name}`);
  };
  visit(directoryAt(fs, top).id, '.');
  return entries;
}

/** Size and checksum of a file's content. */
export const contentHash = (file: FileNode): string => `${file.bytes.length} ${hashOf(file.bytes)}`;

/** Equal for trees that `dump` without identity shows as equal, and cheaper: to leave out states seen before. */
export function digest(fs: MemoryFs, top: string): string {
  const parts: string[] = [];
  const visit = (id: number, name: string): void => {
    const inode = fs.store.get(id);
    const { kind, mode, uid, gid } = inode;
    parts.push(name, kind, `${mode},${uid},${gid}`);
    if (inode.kind === 'file') parts.push(`${inode.links}`, hashOf(inode.bytes));
    else if (inode.kind === 'link') parts.push(inode.target);
    else if (inode.kind === 'directory') {
      for (const [child, at] of [...inode.entries].sort(byName)) visit(at, child);
      parts.push('/');
    }
  };
  visit(directoryAt(fs, top).id, '');
  return sha256(parts.join('\n'));
}

/** Puts a simulated tree on disk, to look at it or to let another program try it. `realDir` must not exist. */
export function writeOut(fs: MemoryFs, top: string, realDir: string): void {
  const made = new Map<number, string>();
  const visit = (id: number, path: string): void => {
    const inode = fs.store.get(id);
    const twin = made.get(id);
    if (twin !== undefined) {
      linkSync(twin, path);
      return;
    }
    made.set(id, path);
    if (inode.kind === 'directory') mkdirSync(path);
    else if (inode.kind === 'file') writeFileSync(path, inode.bytes);
    else if (inode.kind === 'link') symlinkSync(inode.target, path);
    else throw new Error(`cannot make the special file ${path}`);
    if (inode.kind === 'directory') for (const [name, child] of inode.entries) visit(child, join(path, name));
    if (process.geteuid?.() === 0) lchownSync(path, inode.uid, inode.gid);
    if (inode.kind !== 'link') chmodSync(path, inode.mode);
  };
  visit(directoryAt(fs, top).id, realDir);
}

function directoryAt(fs: MemoryFs, path: string): DirectoryNode {
  const fail = failing('scandir', path);
  const { id } = find(fs.store, path, true, fail);
  return id === undefined ? fail('ENOENT') : fs.store.directory(id);
}

function byName([a]: [string, number], [b]: [string, number]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Contents are never changed in place, so each is hashed once. */
const hashes = new WeakMap<Uint8Array, string>();

function hashOf(bytes: Uint8Array): string {
  let hash = hashes.get(bytes);
  if (hash === undefined) {
    hash = sha256(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    hashes.set(bytes, hash);
  }
  return hash;
}
