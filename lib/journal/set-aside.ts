/**
 * Derived data that an engine has made since the intent (it refuses at a bolt only after it has made a keymap): it goes
 * into the area, whichever way the transaction goes on, because it was not made from what stays.
 */
import { dirname, join } from 'node:path';
import { removesKeymap, takesRecords } from '../plan/step-effects.ts';
import { refuseLinkedParents } from '../plan/step-paths.ts';
import { areaPath, KEPT_DIR } from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { ParticipantName, Participants } from './participants.ts';
import { stepsOf } from './run-steps.ts';
import type { TransactionContext } from './transaction.ts';

/** Moves something into the area of its participant, under a name of its own. Returns both paths: neither is durable. */
export function setAside(
  fs: DurableFs,
  participants: Participants,
  file: { readonly root: ParticipantName; readonly path: string },
): readonly [string, string] {
  const base = participants.base(file.root);
  const from = join(base, file.path);
  const kept = join(areaPath(base, participants.id), KEPT_DIR);
  let n = 0;
  while (lstatOrNull(fs, join(kept, `${n}.made`)) !== null) n++;
  const to = join(kept, `${n}.made`);
  fs.rename(from, to);
  return [from, to];
}

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
      refuseLinkedParents(fs, dir, [path]);
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
