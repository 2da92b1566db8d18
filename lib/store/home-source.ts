/** A home as a command takes it: where its databases are, and what lies beside them. */
import { findHome, groupsOfHome, type NodeHome, rootsOfHome } from './home.ts';
import type { RootGroups } from './types.ts';

/** The roots of a home, which of them belong together, and the index beside its receipts. @throws RollbackError as findHome */
export function sourceOfHome(dir: string): {
  readonly roots: readonly string[];
  readonly home: NodeHome;
  readonly groups: RootGroups;
  readonly logIndex: string | undefined;
} {
  const home = findHome(dir);
  const logIndex = home.logIndex ?? undefined;
  return { roots: rootsOfHome(home), home, groups: groupsOfHome(home), logIndex };
}
