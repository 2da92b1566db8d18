/**
 * After an apply each root remembers which set of roots it belongs to, so that a later run notices a forgotten
 * one even though the keymap, the other witness, is gone.
 */
import { join } from 'node:path';
import { readSmallFile, writeFileDurably } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { lstatOrNull } from './roots.ts';

/** Our own directory in a root; the engine passes over it: it has no `segments` child. */
export const OWN_DIR = '.litt-rollback';
const MEMORY_FILE = 'root-set.json';
const FORMAT = 'litt-rollback/root-set';
const MAX_BYTES = 4096;

/** What the given roots remember together. */
export type RememberedSet =
  /** No root remembers anything, or they disagree about sets that are no larger than the given one. */
  | { readonly state: 'none' }
  /** All roots of the remembered set are given. */
  | { readonly state: 'complete'; readonly id: string }
  /** Roots of the remembered set are missing. */
  | { readonly state: 'incomplete'; readonly given: number; readonly expected: number };

interface Memory {
  readonly id: string;
  readonly roots: number;
}

/** Compares what each given root remembers. Unreadable or foreign files count as no memory. */
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

function readMemory(fs: DurableFs, root: string): Memory | null {
  try {
    const parsed: unknown = JSON.parse(
      readSmallFile(fs, join(root, OWN_DIR, MEMORY_FILE), MAX_BYTES).toString(),
    );
    if (typeof parsed !== 'object' || parsed === null) return null;
    const { format, id, roots: count } = parsed as Record<string, unknown>;
    if (format !== FORMAT || typeof id !== 'string' || !Number.isSafeInteger(count)) return null;
    return { id, roots: count as number };
  } catch {
    return null; // memory is extra evidence; without it the other evidence decides
  }
}

/**
 * Makes every root remember the set.
 * @throws what the file system throws
 */
export function writeRootSet(fs: DurableFs, roots: readonly string[], id: string): void {
  for (const root of roots) {
    const { uid, gid } = fs.lstat(root);
    makeOwnDir(fs, root);
    const text = `${JSON.stringify({ format: FORMAT, version: 1, id, roots: roots.length })}\n`;
    writeFileDurably(fs, join(root, OWN_DIR, MEMORY_FILE), Buffer.from(text), { mode: 0o644, uid, gid });
  }
}

/** Makes `.litt-rollback` in a root, owned like the root; returns its path. */
export function makeOwnDir(fs: DurableFs, root: string): string {
  const dir = join(root, OWN_DIR);
  makeDirLike(fs, dir, root);
  return dir;
}

/** Makes a directory with the owner of another one, durably, unless it exists. */
export function makeDirLike(fs: DurableFs, dir: string, like: string): void {
  if (lstatOrNull(fs, dir) !== null) return;
  const owner = fs.lstat(like);
  fs.mkdir(dir, 0o750);
  const made = fs.lstat(dir);
  if (made.uid !== owner.uid || made.gid !== owner.gid) {
    fs.chown(dir, owner.uid, owner.gid);
    // Its owner is not part of its name: a directory that came back as root's would shut the node's user out.
    fs.fsyncDir(dir);
  }
  fs.fsyncDir(join(dir, '..'));
}
