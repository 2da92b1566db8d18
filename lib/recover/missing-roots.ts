/** Which roots of a finished rollback were not given: a part that was freed is told from one that lies elsewhere. */
import { hasErrno } from '../errors.ts';
import { type FoundTransaction, missingRoots } from '../journal/find.ts';
import { areaPath } from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';

/**
 * Where the roots that were not given lay when the rollback began. With fewer roots than it has, every part that is not
 * there may lie in another root. With as many, it was freed by a purge that was interrupted, unless it is seen where the
 * journal says; that counts only while the given roots are in their places, since a copy of a database has its own.
 * @param roots real paths
 */
export function forgottenRoots(
  fs: DurableFs,
  { id, areas, document }: FoundTransaction,
  roots: readonly string[],
): string[] {
  if (document === null) return [];
  const placeOf = (member: number): string => document.plan.roots[member] ?? '';
  const missing = missingRoots(areas, document).map(placeOf);
  if (roots.length < document.roots) return missing;
  const isInPlace = areas.every((a) => {
    const member = a.document?.member;
    return typeof member !== 'number' || placeOf(member) === a.dir;
  });
  return isInPlace ? missing.filter((dir) => !roots.includes(dir) && isThere(fs, areaPath(dir, id))) : [];
}

/** Whether something lies there; what this user may not look at counts as nothing. */
function isThere(fs: DurableFs, path: string): boolean {
  try {
    return lstatOrNull(fs, path) !== null;
  } catch (error) {
    if (hasErrno((error as Error).cause, 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG')) return false;
    throw error;
  }
}
