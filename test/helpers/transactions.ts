/** Rollbacks on engine-written fixtures, for the tests of what follows an apply. */
import { applyPlan, type Outcome, type PlanOptions, planRollback } from '../../lib/index.ts';
import { keysTarget, optionsOfFlags } from './api.ts';
import { type FixtureCase, fixtureCases, type UnpackedCase, unpack } from './fixtures.ts';
import { type Tree, type TreeEntry, treeOf } from './tree.ts';

/** The case of this name, unpacked. */
export function unpackNamed(name: string): UnpackedCase {
  return unpack(fixtureCases().find((c) => c.name === name) as FixtureCase);
}

/** How the case wants its (only or first) database to be planned. */
export function planOptions(unpacked: UnpackedCase, database = 0): PlanOptions {
  const roots = unpacked.databases[database] as readonly string[];
  return {
    roots,
    target: keysTarget(unpacked, roots),
    onNoMatch: 'keep',
    ...optionsOfFlags(unpacked.fixture),
    snapshotDir: unpacked.snapshotDir,
  };
}

/** Plans and applies the case's target. */
export async function rollBack(unpacked: UnpackedCase, database = 0): Promise<Outcome> {
  return applyPlan(await planRollback(planOptions(unpacked, database)));
}

/** What is in a directory, as databasePart gives it. */
export const databaseTree = (dir: string): Tree => databasePart(treeOf(dir));

/**
 * The tree without what this program keeps for itself, without the stale locks of dead processes (a rollback
 * takes them over for good), and without what a cut and its undo may change: times.
 */
export function databasePart(tree: Tree): Tree {
  const entries: [string, TreeEntry][] = [];
  for (const [path, entry] of tree) {
    if (/(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/.test(path)) continue;
    const { mtime: _time, ...rest } = entry;
    entries.push([path, rest]);
  }
  return new Map(entries);
}

/** The bytes and modes of a tree: copies differ in inodes, links, and the time in a metadata file. */
export function comparable(tree: Tree): Tree {
  const entries = [...tree].map(([path, entry]) => {
    const { ino: _ino, nlink: _links, sha256, ...rest } = entry;
    return [path, path.endsWith('.metadata') || sha256 === undefined ? rest : { ...rest, sha256 }] as const;
  });
  return new Map(entries);
}
