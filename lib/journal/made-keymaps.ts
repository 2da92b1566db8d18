/**
 * Keymaps that an engine has made since the intent (it refuses at a bolt only after it has made one): they go into the
 * area, whichever way the transaction goes on, because they were not made from the records that are kept.
 */
import { dirname, join } from 'node:path';
import { removesKeymap, takesRecords } from '../plan/step-effects.ts';
import { lstatOrNull } from '../store/roots.ts';
import { stepsOf } from './run-steps.ts';
import { setAside } from './set-aside.ts';
import type { TransactionContext } from './transaction.ts';

/**
 * Sets the keymaps aside that lie in the roots of tables whose records change, but for those that the plan was made
 * from and that no step has moved yet. Durable when it returns; repeatable.
 */
export function setMadeKeymapsAside(context: TransactionContext): void {
  const { fs, participants, plan } = context;
  const touched = new Set<string>();
  for (const { table } of plan.tables.filter((t) => t.steps.some(takesRecords))) {
    participants.roots.forEach((dir, root) => {
      const path = `${table}/keymap`;
      if (lstatOrNull(fs, join(dir, path)) === null || isOriginal(context, root, path)) return;
      for (const name of setAside(fs, participants, { root, path })) touched.add(dirname(name));
    });
  }
  for (const dir of touched) fs.fsyncDir(dir);
}

/** Whether a step is still to move this keymap, or has put it back. */
function isOriginal(context: TransactionContext, root: number, path: string): boolean {
  return stepsOf(context).some(
    (step, index) =>
      removesKeymap(step) &&
      step.file.root === root &&
      step.file.path === path &&
      lstatOrNull(context.fs, context.participants.undoPath(step, index, 'removed')) === null,
  );
}
