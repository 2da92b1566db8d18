/** Takes a transaction back: clears what the engine has made since, then the inverse steps. Repeatable. */
import { dirname, join } from 'node:path';
import { areaPath, KEPT_DIR, readSealed, UNDOING_MARK } from '../../store/area.ts';
import { lstatOrNull } from '../../store/roots.ts';
import type { Progress } from '../progress.ts';
import type { AreaState } from './journal.ts';
import { runBackward, stepsOf, unfinished } from './run.ts';
import { beginUndo, finishBackward, type TransactionContext } from './transaction.ts';
import type { Clearing } from './undo-check.ts';

/** Begins to take a transaction back: the list of what is cleared away is durable before anything moves. */
export async function takeBack(
  context: TransactionContext,
  clearings: readonly Clearing[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  try {
    beginUndo(context, { clear: clearings }, new Date());
  } catch (error) {
    throw unfinished(
      error,
      context.members.roots[0] as string,
      { done: 0, alreadyDone: 0 },
      stepsOf(context).length,
    );
  }
  await inverse(context, clearings, onProgress);
}

/** Goes on with taking back; the areas say whether the inverse steps are all durable already. */
export async function finishTakingBack(
  context: TransactionContext,
  areas: readonly AreaState[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  if (areas.some((a) => a.undone)) {
    finishBackward(context);
    return;
  }
  const marked = areas.find((a) => a.undoing);
  const mark =
    marked === undefined ? null : readSealed(context.fs, areaPath(marked.dir, marked.id), UNDOING_MARK);
  const clearings = (mark as { clear?: Clearing[] } | null)?.clear ?? [];
  await takeBack(context, clearings, onProgress);
}

async function inverse(
  context: TransactionContext,
  clearings: readonly Clearing[],
  onProgress?: (p: Progress) => void,
): Promise<void> {
  const { members } = context;
  try {
    clearAway(context, clearings);
  } catch (error) {
    throw unfinished(error, members.roots[0] as string, { done: 0, alreadyDone: 0 }, stepsOf(context).length);
  }
  const counts = await runBackward(context, onProgress);
  try {
    finishBackward(context);
  } catch (error) {
    throw unfinished(error, members.roots[0] as string, counts, stepsOf(context).length);
  }
}

/** Moves what the engine has made out of the way, if it is still the same file. */
function clearAway({ fs, members }: TransactionContext, clearings: readonly Clearing[]): void {
  const touched = new Set<string>();
  clearings.forEach(({ member, path, ino }, i) => {
    const base = members.base(member);
    const from = join(base, path);
    const to = join(areaPath(base, members.id), KEPT_DIR, `${i}.cleared`);
    touched.add(dirname(from)).add(dirname(to));
    if (lstatOrNull(fs, from)?.ino !== ino || lstatOrNull(fs, to) !== null) return;
    fs.rename(from, to);
  });
  for (const dir of touched) if (lstatOrNull(fs, dir) !== null) fs.fsyncDir(dir);
}
