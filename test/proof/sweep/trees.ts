/** A directory tree as it stands, and how two of them differ. Independent of the program's own reading. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One entry; times are left out. */
export interface Entry {
  readonly kind: string;
  readonly mode: number;
  readonly owner: string;
  /** Of files only. */
  readonly links: number;
  /** Hash of a file, target of a link. */
  readonly content: string;
  /** Hash of a segment's metadata without its time. */
  readonly timeless?: string;
}

/** Entries by path below the top. */
export type Tree = ReadonlyMap<string, Entry>;

/** Where metadata holds the time of sealing (bytes). */
const TIME = { from: 5, to: 13 } as const;

/** Looks at every entry below a directory; links are not followed. */
export function treeOf(top: string): Map<string, Entry> {
  const tree = new Map<string, Entry>();
  const visit = (path: string, rel: string): void => {
    for (const name of readdirSync(path).sort()) {
      const below = rel === '' ? name : `${rel}/${name}`;
      const entry = entryOf(join(path, name), below);
      tree.set(below, entry);
      if (entry.kind === 'directory') visit(join(path, name), below);
    }
  };
  visit(top, '');
  return tree;
}

function entryOf(path: string, rel: string): Entry {
  const stat = lstatSync(path);
  const base = { mode: stat.mode & 0o7777, owner: `${stat.uid}:${stat.gid}`, links: 0, content: '' };
  if (stat.isDirectory()) return { ...base, kind: 'directory' };
  if (stat.isSymbolicLink()) return { ...base, kind: 'link', content: readlinkSync(path) };
  if (!stat.isFile()) return { ...base, kind: 'other' };
  const bytes = readFileSync(path);
  const file = { ...base, kind: 'file', links: stat.nlink, content: hash(bytes) };
  return rel.endsWith('.metadata') ? { ...file, timeless: hash(bytes.fill(0, TIME.from, TIME.to)) } : file;
}

const hash = (bytes: Buffer): string =>
  `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}`;

/** Our own directory in a root. */
const OWN = /(^|\/)\.litt-rollback(\/|$)/;
const LOCK = /(^|\/)litt\.lock$/;
const BOLT = /\/UNFINISHED-ROLLBACK--run-litt-rollback-resume\.keys$/;
const TEMPORARY = /litt-rollback-tmp$/;

/** The part of a tree that belongs to the node: no own directory, lock, bolt or temporary file. */
export function dataOf(tree: Tree): Map<string, Entry> {
  const ours = (path: string): boolean => [OWN, LOCK, BOLT, TEMPORARY].some((rule) => rule.test(path));
  return new Map([...tree].filter(([path]) => !ours(path)));
}

/** Everything that is ours and must not outlive a recovery: locks, bolts, temporary files. */
export function leftoversIn(tree: Tree): string[] {
  return [...tree.keys()].filter((path) => [LOCK, BOLT, TEMPORARY].some((rule) => rule.test(path)));
}

/** Our own directory's entries, with ids made equal; which runs claimed it, and the audit, do not matter. */
export function ownOf(tree: Tree): Map<string, Entry> {
  const own = [...tree].filter(
    ([path]) => OWN.test(path) && !/\/(runner\.\d+|\.?audit\.jsonl.*)$/.test(path),
  );
  return new Map(
    own.map(([path, entry]) => [
      path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'ID'),
      // Documents and marks hold ids and times; what undo needs must agree byte for byte.
      path.includes('/kept/') ? entry : { ...entry, content: '' },
    ]),
  );
}

/** What may differ. */
export interface Leniency {
  /** Metadata written anew carries the time of sealing: those files are compared without it. */
  readonly timeless?: (path: string) => boolean;
  readonly ignoreLinks?: boolean;
}

/** Differences as sentences. */
export function differences(expected: Tree, actual: Tree, leniency: Leniency = {}): string[] {
  const found: string[] = [];
  for (const path of new Set([...expected.keys(), ...actual.keys()])) {
    const want = expected.get(path);
    const have = actual.get(path);
    if (want === undefined) found.push(`${path} should not be there`);
    else if (have === undefined) found.push(`${path} is missing`);
    else found.push(...entryDifferences(path, want, have, leniency));
  }
  return found.sort();
}

function entryDifferences(path: string, want: Entry, have: Entry, leniency: Leniency): string[] {
  const found: string[] = [];
  const say = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) found.push(`${path}: ${what} is ${b}, expected ${a}`);
  };
  say('kind', want.kind, have.kind);
  say('mode', want.mode.toString(8), have.mode.toString(8));
  say('owner', want.owner, have.owner);
  if (leniency.ignoreLinks !== true) say('link count', want.links, have.links);
  if (leniency.timeless?.(path) === true) say('content (without time)', want.timeless, have.timeless);
  else say('content', want.content, have.content);
  return found;
}
