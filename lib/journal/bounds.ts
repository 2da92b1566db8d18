/**
 * Bounds below the snapshot directory. The engine raises them at every start, also if the plan did not touch
 * them, and never lowers them. It refuses to open if a bound is above its newest segment. So undo puts them
 * back.
 */
import { dirname, join } from 'node:path';
import { LOWER_BOUND_FILE, UPPER_BOUND_FILE } from '../format/boundary.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import type { Participants } from './participants.ts';
import type { TransactionContext } from './transaction.ts';

const MAX_BOUND_BYTES = 256;

/**
 * The bounds of the tables that a plan changes, by path; null if no snapshot directory takes part. Raw errors.
 */
export function boundsNow(
  fs: DurableFs,
  { snapshotDir }: Participants,
  plan: RollbackPlan,
): Record<string, string | null> | null {
  if (snapshotDir === null) return null;
  const paths = plan.tables
    .filter((t) => t.steps.length > 0)
    .flatMap(({ table }) => [LOWER_BOUND_FILE, UPPER_BOUND_FILE].map((name) => `${table}/${name}`));
  return Object.fromEntries(paths.map((path) => [path, hexOf(fs, join(snapshotDir, path))]));
}

function hexOf(fs: DurableFs, path: string): string | null {
  if (lstatOrNull(fs, path)?.kind !== 'file') return null;
  return readSmallFile(fs, path, MAX_BOUND_BYTES).toString('hex');
}

/**
 * Puts the bounds back as they were, durably; repeatable. If the journal does not hold them, they stay. Raw
 * errors.
 */
export function putBoundsBack({ fs, participants, bounds }: TransactionContext): void {
  const { snapshotDir } = participants;
  if (snapshotDir === null || bounds === null) return;
  for (const [path, before] of Object.entries(bounds)) {
    const file = join(snapshotDir, path);
    const stat = lstatOrNull(fs, file);
    if (hexOf(fs, file) === before) continue;
    if (before === null) {
      if (stat !== null) fs.unlink(file);
      fs.fsyncDir(dirname(file));
      continue;
    }
    // The table's directory has been there since the plan was made; a user who removed it wants no snapshots.
    const dir = lstatOrNull(fs, dirname(file));
    if (dir?.kind !== 'directory') continue;
    const { mode, uid, gid } = stat ?? { ...dir, mode: 0o644 };
    writeFileDurably(fs, file, Buffer.from(before, 'hex'), { mode, uid, gid });
  }
}
