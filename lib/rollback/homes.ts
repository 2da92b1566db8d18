/** The databases of a node's home, found and read as what they are: several, of one node. */
import { type ReadOptions, readDatabase } from '../store/database.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { findHomeWith, type HomeDatabase, type NodeHome } from '../store/home.ts';
import type { Database, RootGroups } from '../store/types.ts';
import type { RollbackPlan } from '../types.ts';

/**
 * Finds the databases of the node whose home is `dir`.
 * @throws RollbackError ERR_ROOT_NOT_FOUND, ERR_HOME_WITHOUT_DATABASE, ERR_IO
 */
export function findHome(dir: string): NodeHome {
  return findHomeWith(realFs, dir);
}

/** Every root of a home, one database after the other. */
export function rootsOfHome({ databases }: Pick<NodeHome, 'databases'>): string[] {
  return databases.flatMap((d) => d.roots);
}

/** Which numbers the roots of each database have in rootsOfHome(). */
export function groupsOfHome({ databases }: Pick<NodeHome, 'databases'>): RootGroups {
  let next = 0;
  return databases.map((d) => d.roots.map(() => next++));
}

/**
 * Reads databases of one home.
 * @throws RollbackError what readDatabase throws
 */
export function readHome(
  fs: DurableFs,
  databases: readonly HomeDatabase[],
  options: Omit<ReadOptions, 'groups'> = {},
): Database {
  return readDatabase(fs, rootsOfHome({ databases }), { ...options, groups: groupsOfHome({ databases }) });
}

/**
 * Reads the databases that a plan covers, in the plan's roots.
 * @throws RollbackError what readDatabase throws
 */
export function readPlanned(
  fs: DurableFs,
  { roots, databases }: Pick<RollbackPlan, 'roots' | 'databases'>,
): Database {
  return readDatabase(fs, roots, { groups: databases.map((d) => d.roots) });
}
