/**
 * Where a plan of a run stands on its node. The node's own files tell: a plan's id is its transaction's id, so areas,
 * fences and audits say whether it was begun, finished, taken back or purged. Reads only.
 */
import { earlierApply, earlierToText } from '../apply/earlier-apply.ts';
import { RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';
import { findOpen, findTransactions } from '../journal/find.ts';
import { boltIn } from '../store/bolt.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { fenceIn } from '../store/fence.ts';
import { resolveRoots } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';

/**
 * `untouched`: no trace of it. `unfinished`: begun, or traces of its beginning or end are left. `stands`: applied and
 * not taken back. `undone`: applied and taken back.
 */
export type Standing =
  | { readonly is: 'untouched' }
  | { readonly is: 'unfinished' }
  | { readonly is: 'stands'; readonly undoable: boolean; readonly isTold: boolean; readonly text: string }
  | { readonly is: 'undone'; readonly text: string };

/**
 * Where the plan stands in its roots.
 * @throws RollbackError ERR_UNFINISHED where another rollback is unfinished, ERR_PLAN_STALE where it was applied and other
 * files lie there now, any ERR_ROOT_*, ERR_JOURNAL, ERR_IO
 */
export function standingOf(fs: DurableFs, plan: RollbackPlan): Standing {
  resolveRoots(fs, plan.roots); // a root that is gone is told as such
  const found = findTransactions(fs, plan.roots);
  const open = findOpen(found);
  const guards = plan.roots.map((root) => fenceIn(fs, root)?.id ?? boltIn(fs, root)?.owner ?? null);
  const begun = open === null ? guards : [open.id, ...guards];
  const other = begun.find((id) => id !== null && id !== plan.id);
  if (other != null) throw foreignError(other, plan.roots);
  if (begun.some((id) => id !== null)) return { is: 'unfinished' };
  const earlier = earlierApply(fs, plan, found);
  if (earlier === null) return { is: 'untouched' };
  const text = earlierToText(earlier);
  if (earlier.undoneAt !== null) return { is: 'undone', text };
  if (earlier.stands) return { is: 'stands', undoable: earlier.undoable, isTold: earlier.isTold, text };
  throw new RollbackError('ERR_PLAN_STALE', {
    what: `${text.charAt(0).toUpperCase()}${text.slice(1)}`,
    why: 'What this run did to the node is not there any more',
    next: 'Look at the node with `litt-rollback status`, and begin another run for it',
  });
}

function foreignError(id: string, roots: readonly string[]): RollbackError {
  const source = roots.flatMap((root) => ['--src', root]);
  return new RollbackError('ERR_UNFINISHED', {
    what: `Another rollback of this node is not finished: ${id}`,
    why: 'This run did not begin it, so it neither finishes it nor takes it back',
    next: `Look at it with \`${shellCommand(['litt-rollback', 'status', ...source])}\`, and finish it or take it back by itself`,
  });
}
