/** Reverts a transaction: moves later files of the engine away, then runs the inverse steps. Repeatable. */
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { RollbackError } from '../errors.ts';
import { putBoundsBack } from '../journal/bounds.ts';
import type { AreaState } from '../journal/documents.ts';
import { setMadeKeymapsAside } from '../journal/made-keymaps.ts';
import { leavingOpen, NO_STEPS, runBackward } from '../journal/run-steps.ts';
import { beginUndo, finishBackward, type TransactionContext } from '../journal/transaction.ts';
import { relative, rootNumber } from '../plan/schema.ts';
import { isTablePath, refuseLinkedParents } from '../plan/step-paths.ts';
import { areaPath, KEPT_DIR, readChecksummed, UNDOING_MARK } from '../store/area.ts';
import type { FileStat } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Progress } from '../types.ts';
import type { Addition } from './check-undo.ts';
import { refuseNotRestored } from './verify-restored.ts';

const markSchema = z.object({
  clear: z.array(
    z.strictObject({
      member: rootNumber,
      path: relative,
      ino: z.string(),
      size: z.optional(z.int()),
      mtimeNs: z.optional(z.string()),
    }),
  ),
});

/** Begins to revert a transaction: the list of files to move away is durable before anything moves. */
export async function revert(
  context: TransactionContext,
  additions: readonly Addition[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  leavingOpen(context, NO_STEPS, () => {
    beginUndo(context, { clear: additions }, new Date());
    quarantine(context, additions);
    setMadeKeymapsAside(context);
  });
  const counts = await runBackward(context, onProgress);
  leavingOpen(context, counts, () => {
    putBoundsBack(context);
    refuseNotRestored(
      context.fs,
      context.plan,
      context.participants.roots,
      context.participants.logIndex?.dir,
    );
    finishBackward(context);
  });
}

/** Continues a revert. */
export async function resumeRevert(
  context: TransactionContext,
  areas: readonly AreaState[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  const marked = areas.find((a) => a.marks.undoing);
  const mark =
    marked === undefined ? null : readChecksummed(context.fs, areaPath(marked.dir, marked.id), UNDOING_MARK);
  await revert(context, checkedAdditions(context, mark), onProgress);
}

/** The list in a mark that was read back: untrusted input. */
function checkedAdditions(context: TransactionContext, mark: unknown): Addition[] {
  const parsed = markSchema.safeParse(mark);
  const tables = context.plan.tables.map((t) => t.table);
  const known = (c: Addition): boolean =>
    tables.some((t) => isTablePath(t, { root: c.member, path: c.path }));
  if (parsed.success && parsed.data.clear.every(known)) return parsed.data.clear;
  throw new RollbackError('ERR_JOURNAL', {
    what: 'The list of files that this undo moves away names files outside the tables',
    why: 'This program did not write it',
    next: 'Do not go on with this journal; restore the database from a backup',
  });
}

/** Moves later files of the engine out of the way. In a copy of the database the inodes differ. */
function quarantine({ fs, participants }: TransactionContext, additions: readonly Addition[]): void {
  const touched = new Set<string>();
  additions.forEach((addition, i) => {
    const { member, path } = addition;
    const base = participants.base(member);
    refuseLinkedParents(fs, base, [path]);
    const from = join(base, path);
    const to = join(areaPath(base, participants.id), KEPT_DIR, `${i}.cleared`);
    touched.add(dirname(from)).add(dirname(to));
    const stat = lstatOrNull(fs, from);
    if (stat === null || lstatOrNull(fs, to) !== null) return;
    if (!isSame(stat, addition)) throw replacedAdditionError(from);
    fs.rename(from, to);
  });
  for (const dir of touched) if (lstatOrNull(fs, dir) !== null) fs.fsyncDir(dir);
}

/**
 * Anything but a regular file is derived: a keymap, a link. A regular file is identified by its inode, or, in a
 * copy, by size and time.
 */
function isSame(stat: FileStat, { ino, size, mtimeNs }: Addition): boolean {
  if (stat.ino === ino || stat.kind !== 'file') return true;
  return stat.size === size && stat.mtimeNs === mtimeNs;
}

function replacedAdditionError(path: string): RollbackError {
  return new RollbackError(
    'ERR_PLAN_STALE',
    {
      what: 'A file that the engine had made before this undo began has been replaced since',
      why: 'It may hold data that the undo would remove',
      next: 'Find out what has written to the database, and move this file out of the root',
    },
    { path },
  );
}
