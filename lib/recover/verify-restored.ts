/** Verifies an undo: every file that the plan had found exists again, with its size. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FingerprintEntry, RollbackPlan } from '../types.ts';

/**
 * Holds the files of the planned tables against the plan's fingerprint. Derived files may be gone: the engine makes them.
 * @param roots by their numbers in the plan; one that is not known any more is passed over
 * @param logIndex where it lies; where that is not known it is passed over
 * @throws RollbackError ERR_RESULT_WRONG: the transaction stays open
 */
export function refuseNotRestored(
  fs: DurableFs,
  { fingerprint }: Pick<RollbackPlan, 'fingerprint'>,
  roots: readonly (string | undefined)[],
  logIndex?: string,
): void {
  for (const [root, path, size] of fingerprint.filter(isData)) {
    const base = root === 'log-index' ? logIndex : roots[root as number];
    if (base === undefined) continue;
    const file = join(base, path);
    const stat = lstatOrNull(fs, file);
    if (stat?.kind === 'file' && stat.size === size) continue;
    const problem = stat === null ? 'is gone' : `has ${stat.size} bytes instead of ${size}`;
    throw new RollbackError(
      'ERR_RESULT_WRONG',
      {
        what: `After the undo the database is not as it was before the rollback: a file ${problem}`,
        why: 'Something else has written to it, or the disk has lost a change. The database stays shut',
        next: 'Put that file back from a backup, then run `litt-rollback undo` again',
      },
      { path: file },
    );
  }
}

/** Keymaps have no time in a fingerprint; links of snapshots lie in `snapshot/`. */
function isData([root, path, , mtimeNs]: FingerprintEntry): boolean {
  return root !== 'snapshots' && mtimeNs !== '' && !/^[^/]+\/snapshot\//.test(path);
}
