/** Takes a transaction back: clears what the engine has made since, then the inverse steps. Repeatable. */
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { RollbackError } from '../errors.ts';
import type { AreaState } from '../journal/documents.ts';
import { leavingOpen, NO_STEPS, runBackward } from '../journal/run-steps.ts';
import { beginUndo, finishBackward, type TransactionContext } from '../journal/transaction.ts';
import { relative, rootNumber } from '../plan/schema.ts';
import { isTablePath, refuseLinkedParents } from '../plan/step-paths.ts';
import { areaPath, KEPT_DIR, readChecksummed, UNDOING_MARK } from '../store/area.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Progress } from '../types.ts';
import type { Addition } from './check-undo.ts';

const markSchema = z.object({
  clear: z.array(z.strictObject({ member: rootNumber, path: relative, ino: z.string() })),
});

/** Begins to take a transaction back: the list of what is cleared away is durable before anything moves. */
export async function revert(
  context: TransactionContext,
  additions: readonly Addition[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  leavingOpen(context, NO_STEPS, () => {
    beginUndo(context, { clear: additions }, new Date());
    quarantine(context, additions);
  });
  const counts = await runBackward(context, onProgress);
  leavingOpen(context, counts, () => finishBackward(context));
}

/** Goes on with taking back. */
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

/** The list of a mark that was read back: input like any other. */
function checkedAdditions(context: TransactionContext, mark: unknown): Addition[] {
  const parsed = markSchema.safeParse(mark);
  const tables = context.plan.tables.map((t) => t.table);
  const known = (c: Addition): boolean =>
    tables.some((t) => isTablePath(t, { root: c.member, path: c.path }));
  if (parsed.success && parsed.data.clear.every(known)) return parsed.data.clear;
  throw new RollbackError('ERR_JOURNAL', {
    what: 'The list of what this undo clears away names files that are none of the tables',
    why: 'This program did not write it',
    next: 'Do not go on with this journal; restore the database from a backup',
  });
}

/** Moves what the engine has made out of the way, if it is still the same file. */
function quarantine({ fs, participants }: TransactionContext, additions: readonly Addition[]): void {
  const touched = new Set<string>();
  additions.forEach(({ member, path, ino }, i) => {
    const base = participants.base(member);
    refuseLinkedParents(fs, base, [path]);
    const from = join(base, path);
    const to = join(areaPath(base, participants.id), KEPT_DIR, `${i}.cleared`);
    touched.add(dirname(from)).add(dirname(to));
    if (lstatOrNull(fs, from)?.ino !== ino || lstatOrNull(fs, to) !== null) return;
    fs.rename(from, to);
  });
  for (const dir of touched) if (lstatOrNull(fs, dir) !== null) fs.fsyncDir(dir);
}
