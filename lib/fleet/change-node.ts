/** The work on a node that changes it: what the look at it has found to be done. */
import { applyPlan } from '../apply/apply.ts';
import { RollbackError } from '../errors.ts';
import { audit, lineOf } from '../journal/audit.ts';
import { purgeUndo } from '../recover/purge.ts';
import { resumeRollback } from '../recover/resume.ts';
import { undoRollback } from '../recover/undo.ts';
import { realFs } from '../store/durable-fs.ts';
import { withLocks } from '../store/lock-database.ts';
import type { RollbackPlan } from '../types.ts';
import { ended, goingOnWith, type NodeTools, noPlanError, savedPlan, takenBackError } from './node-tools.ts';
import { type Standing, standingOf } from './standing.ts';
import type { NodeTask } from './tasks.ts';
import type { NodeEnded } from './verdicts.ts';

/**
 * Changes one node.
 * @throws RollbackError what the command in question throws
 */
export async function changeNode(task: NodeTask, tools: NodeTools): Promise<NodeEnded> {
  const plan = await savedPlan(task);
  if (plan === null) throw noPlanError();
  const standing = standingOf(realFs, plan);
  switch (task.command) {
    case 'apply':
      return apply(task, plan, standing, tools);
    case 'resume':
      return standing.is === 'unfinished' ? resume(task, plan, tools) : ended(task, 'done', plan);
    case 'undo':
      return standing.is === 'undone' ? ended(task, 'done', plan) : undo(task, plan, tools);
    case 'purge':
      return purge(task, plan, tools);
    default:
      throw new RollbackError('ERR_DEFECT', { what: `${task.command} changes no node` });
  }
}

async function apply(
  task: NodeTask,
  plan: RollbackPlan,
  standing: Standing,
  tools: NodeTools,
): Promise<NodeEnded> {
  switch (standing.is) {
    case 'stands':
      return standing.isTold ? ended(task, 'done', plan) : tell(task, plan, tools);
    case 'undone':
      throw takenBackError(standing.text);
    case 'unfinished':
      return finishThenApply(task, plan, tools);
    case 'untouched': {
      const { onProgress, signal } = tools;
      // An apply asks the signal itself once more: it tells an interruption as one, and not as a failed callback.
      const onStart = (): Promise<void> => tools.onStart().catch(() => {});
      const { notices, done } = await applyPlan(plan, { onStart, onProgress, signal });
      return ended(task, 'done', plan, { changed: done > 0, notices });
    }
  }
}

/** Writes the audit line that a killed run had not written yet. A node that runs again by now does without it. */
async function tell(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodeEnded> {
  await tools.onStart();
  const entry = { ...lineOf('apply', plan.id, plan), outcome: 'finished' };
  try {
    const failures = await withLocks(plan.roots, plan.snapshotDir ?? undefined, () =>
      audit(realFs, plan.roots, entry, new Date()),
    );
    return ended(task, 'done', plan, { changed: true, notices: failures.map((f) => f.text) });
  } catch (error) {
    if (!(error instanceof RollbackError) || error.kind !== 'locked') throw error;
    return ended(task, 'done', plan);
  }
}

/** A run that died before the first change has left traces; without them the plan is carried out. */
async function finishThenApply(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodeEnded> {
  const first = await resume(task, plan, tools);
  const standing = standingOf(realFs, plan);
  if (standing.is === 'unfinished') return first;
  const second = await apply(task, plan, standing, tools);
  return { ...second, changed: true, notices: [...first.notices, ...second.notices] };
}

async function resume(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodeEnded> {
  await tools.onStart();
  const { notices } = await resumeRollback(plan.roots, goingOnWith(plan, tools));
  return ended(task, 'done', plan, { changed: true, notices });
}

async function undo(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodeEnded> {
  await tools.onStart();
  const { notices } = await undoRollback(plan.roots, goingOnWith(plan, tools));
  return ended(task, 'done', plan, { changed: true, notices });
}

async function purge(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodeEnded> {
  await tools.onStart();
  const { logIndex: _, ...purging } = goingOnWith(plan, tools);
  const { notices, purged } = await purgeUndo(plan.roots, purging);
  return ended(task, 'done', plan, { changed: purged.length > 0, notices });
}
