/** A directory tree as it stands, and what became different: the proof that something was left alone. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from './image.ts';

/** One entry of a tree. Times are nanoseconds; a directory's are left out (a lock comes and goes). */
export interface TreeEntry {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly sha256?: string;
  readonly nlink?: number;
  readonly ino?: string;
  readonly mtime?: string;
  readonly target?: string;
  /** Hash of a segment's metadata without its time of sealing; only where it is asked for. */
  readonly timeless?: string;
}

/** Entries by path relative to the tree's top, with `/`; the top itself is `.`. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** Where metadata holds the time of sealing (bytes). */
const SEALED_AT = { from: 5, to: 13 } as const;

/** Looks at every entry below a directory; links are not followed. */
export function treeOf(top: string, options: { readonly timeless?: boolean } = {}): Tree {
  const tree = new Map<string, TreeEntry>();
  const visit = (path: string, rel: string): void => {
    const entry = entryOf(path, options.timeless === true && path.endsWith('.metadata'));
    tree.set(rel, entry);
    if (entry.kind !== 'directory') return;
    for (const name of readdirSync(path).sort())
      visit(join(path, name), rel === '.' ? name : `${rel}/${name}`);
  };
  visit(top, '.');
  return tree;
}

function entryOf(path: string, isTimeless: boolean): TreeEntry {
  const stat = lstatSync(path, { bigint: true });
  const base = { mode: Number(stat.mode & 0o7777n), uid: Number(stat.uid), gid: Number(stat.gid) };
  if (stat.isDirectory()) return { kind: 'directory', ...base };
  if (stat.isSymbolicLink()) return { kind: 'link', ...base, target: readlinkSync(path) };
  if (!stat.isFile()) return { kind: 'other', ...base };
  const bytes = readFileSync(path);
  return {
    kind: 'file',
    ...base,
    size: Number(stat.size),
    sha256: sha256(bytes),
    nlink: Number(stat.nlink),
    ino: String(stat.ino),
    mtime: String(stat.mtimeNs),
    ...(isTimeless && { timeless: sha256(bytes.fill(0, SEALED_AT.from, SEALED_AT.to)) }),
  };
}

/** Whether two entries may differ in a field. */
export type MayDiffer = (path: string, field: keyof TreeEntry) => boolean;

/** A stale lock is taken over and put back: the same text and mode in a new file. */
const isOfNewLock: MayDiffer = (path, field) => /(^|\/)litt\.lock$/.test(path) && LOCK_IGNORES.has(field);
const LOCK_IGNORES: ReadonlySet<string> = new Set(['ino', 'mtime', 'nlink']);

/** Differences as sentences, by path; none means that the trees are equal. */
export function treeDifferences(before: Tree, after: Tree, mayDiffer = isOfNewLock): string[] {
  const problems: string[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const was = before.get(path);
    const is = after.get(path);
    if (was === undefined) problems.push(`${path}: appeared`);
    else if (is === undefined) problems.push(`${path}: disappeared`);
    else problems.push(...entryDifferences(path, was, is, mayDiffer));
  }
  return problems;
}

function entryDifferences(path: string, was: TreeEntry, is: TreeEntry, mayDiffer: MayDiffer): string[] {
  const fields = new Set([...Object.keys(was), ...Object.keys(is)]) as Set<keyof TreeEntry>;
  return [...fields]
    .filter((field) => was[field] !== is[field] && !mayDiffer(path, field))
    .map((field) => `${path}: ${field} was ${was[field]}, is ${is[field]}`);
}

/** Throws when anything below the directory differs from what it was. */
export function expectUntouched(top: string, before: Tree, what = 'the tree'): void {
  const problems = treeDifferences(before, treeOf(top));
  if (problems.length > 0)
    throw new Error(`${what} must be untouched:\n  ${problems.slice(0, 20).join('\n  ')}`);
}

/** The part of a tree below one path. */
export function subtree(tree: Tree, path: string): Tree {
  return new Map([...tree].filter(([name]) => name === path || name.startsWith(`${path}/`)));
}

/** Paths of all entries whose last component passes. */
export function named(tree: Tree, name: string | RegExp): string[] {
  return [...tree.keys()].filter((path) => {
    const last = path.slice(path.lastIndexOf('/') + 1);
    return typeof name === 'string' ? last === name : name.test(last);
  });
}
