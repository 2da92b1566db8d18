/** The first look at a node: what is to be done there, or why it cannot be done. Changes nothing but plan files. */
import { refuseStale, refuseUnlocked } from '../apply/apply.ts';
import { RollbackError } from '../errors.ts';
import { changesAnything, warningsOf } from '../plan/changes.ts';
import { savePlan } from '../plan/file.ts';
import { placesOf } from '../plan/places.ts';
import { planRollback } from '../planner/plan-rollback.ts';
import { verifyDatabase, verifyFailedError } from '../read/verify.ts';
import type { UndoCheck } from '../recover/preview-undo.ts';
import { planPurge } from '../recover/purge.ts';
import { refuseUnreadable, rollbackStatus } from '../recover/status.ts';
import { realFs } from '../store/durable-fs.ts';
import { withLocks } from '../store/lock-database.ts';
import type { RollbackPlan } from '../types.ts';
import {
  type NodeTools,
  noPlanError,
  planned,
  runError,
  savedPlan,
  sourceOfNode,
  takenBackError,
} from './node-tools.ts';
import { roomNeeds } from './room.ts';
import { standingOf } from './standing.ts';
import type { NodeTask } from './tasks.ts';
import { type NodePlanned, nodeErrorOf } from './verdicts.ts';

/**
 * Looks at one node.
 * @throws RollbackError what the command in question throws
 */
export async function lookAtNode(task: NodeTask, tools: NodeTools): Promise<NodePlanned> {
  const plan = await savedPlan(task);
  switch (task.command) {
    case 'plan':
    case 'apply':
      return plan === null ? lookUnplanned(task, tools) : lookForApply(task, plan, tools);
    case 'resume':
    case 'undo':
    case 'purge':
      return plan === null ? planned(task, 'nothing', null) : lookForEnd(task, plan);
    case 'status':
      return plan === null ? lookForStatus(task) : lookForStanding(task, plan);
    case 'verify':
      return verifyNode(task, plan, tools);
  }
}

async function lookForApply(task: NodeTask, plan: RollbackPlan, tools: NodeTools): Promise<NodePlanned> {
  const standing = standingOf(realFs, plan);
  switch (standing.is) {
    case 'stands':
      if (standing.isTold) return planned(task, 'done', plan);
      return planned(task, 'change', plan, { notices: ['an earlier call was killed before its audit line'] });
    case 'undone':
      throw takenBackError(standing.text);
    case 'unfinished':
      return planned(task, 'change', plan, { notices: ['an earlier call was interrupted; it is finished'] });
    case 'untouched':
      // What had nothing to do when the run began may have gone on since: it is not rolled back for that.
      if (task.settled && !changesAnything(plan)) return planned(task, 'nothing', plan);
      return task.replan ? lookUnplanned(task, tools) : lookAtSaved(task, plan);
  }
}

async function lookUnplanned(task: NodeTask, tools: NodeTools): Promise<NodePlanned> {
  if (!task.replan) throw noPlanError();
  const plan = await planRollback({
    ...(await tools.planningOf(task.node.words)),
    lock: task.lock,
    signal: tools.signal,
    onProgress: tools.onProgress,
  });
  if (task.planFile !== null) savePlan(realFs, task.planFile, plan);
  return plannedOf(task, plan);
}

async function lookAtSaved(task: NodeTask, plan: RollbackPlan): Promise<NodePlanned> {
  refuseUnlocked(plan);
  await withLocks(plan.roots, plan.snapshotDir ?? undefined, () => refuseStale(plan));
  return plannedOf(task, plan);
}

function plannedOf(task: NodeTask, plan: RollbackPlan): NodePlanned {
  const notices = [...warningsOf(plan), ...plan.notices];
  if (!changesAnything(plan)) return planned(task, 'nothing', plan, { notices });
  return planned(task, 'change', plan, { notices, needs: roomNeeds(realFs, plan) });
}

/** Resume, undo and purge concern what this run did, and nothing else. */
async function lookForEnd(task: NodeTask, plan: RollbackPlan): Promise<NodePlanned> {
  const standing = standingOf(realFs, plan);
  const { command } = task;
  if (standing.is === 'untouched') return planned(task, 'nothing', plan);
  if (standing.is === 'unfinished') {
    if (command === 'purge') throw unfinishedPurgeError();
    return planned(task, 'change', plan);
  }
  if (standing.is === 'undone') {
    // What is over is over: undo has reached its end, and the others find nothing.
    return planned(task, command === 'undo' ? 'done' : 'nothing', plan);
  }
  if (command === 'resume') return planned(task, 'done', plan);
  if (command === 'purge') return lookForPurge(task, plan, standing.undoable);
  return lookForUndo(task, plan);
}

async function lookForUndo(task: NodeTask, plan: RollbackPlan): Promise<NodePlanned> {
  const report = await rollbackStatus(plan.roots, placesOf(plan));
  const undo = report.transactions.find((t) => t.id === plan.id)?.undo;
  if (undo?.possible === 'now') return planned(task, 'change', plan);
  throw undoError(undo);
}

/** Why a rollback of the run cannot be taken back. */
function undoError(undo: UndoCheck | undefined): RollbackError {
  const why = 'This node stays as it is. Nothing was changed';
  if (undo?.possible === 'after-newer') {
    const what = 'A newer rollback of this node stands above that of the run';
    const next = 'Take the newer one back first: `litt-rollback status` names it';
    return new RollbackError('ERR_UNDO_REFUSED', { what, why, next });
  }
  return new RollbackError(
    undo?.code ?? 'ERR_NOTHING_TO_UNDO',
    {
      what: undo?.reason ?? 'What this rollback kept for undo has been freed',
      why,
      next: 'Look at the node with `litt-rollback status`',
    },
    undo?.path == null ? {} : { path: undo.path },
  );
}

async function lookForPurge(task: NodeTask, plan: RollbackPlan, isKept: boolean): Promise<NodePlanned> {
  if (!isKept) return planned(task, 'done', plan);
  const { snapshotDir } = placesOf(plan);
  const { rollbacks } = await planPurge(plan.roots, { id: plan.id, snapshotDir });
  const older = rollbacks.filter((r) => r.id !== plan.id);
  const notices = older.map(
    (r) => `an older rollback goes with it: ${r.id} to ${r.target ?? 'an unknown target'}`,
  );
  return planned(task, 'change', plan, { notices });
}

function unfinishedPurgeError(): RollbackError {
  return runError({
    what: 'The rollback of this node is not finished',
    why: 'What it keeps is needed to finish it or to take it back',
    next: 'Finish it with `litt-rollback batch resume FLEET`',
  });
}

function lookForStanding(task: NodeTask, plan: RollbackPlan): NodePlanned {
  const standing = standingOf(realFs, plan);
  if (standing.is === 'unfinished') return planned(task, 'unfinished', plan);
  const notices = standing.is === 'undone' ? ['the run took its rollback back'] : [];
  return planned(task, standing.is === 'stands' ? 'done' : 'nothing', plan, { notices });
}

/** A node that no plan of the run concerns: whether anything is unfinished there. */
async function lookForStatus(task: NodeTask): Promise<NodePlanned> {
  const { roots, snapshotDir, logIndex } = sourceOfNode(task.node);
  const report = await rollbackStatus(roots, { snapshotDir, logIndex });
  refuseUnreadable(report);
  return planned(task, report.unfinished ? 'unfinished' : 'nothing', null);
}

async function verifyNode(
  task: NodeTask,
  plan: RollbackPlan | null,
  { signal, onProgress }: NodeTools,
): Promise<NodePlanned> {
  const { roots, ...source } = sourceOfNode(task.node);
  const report = await verifyDatabase(roots, { ...source, signal, onProgress });
  if (report.ok) return planned(task, 'done', plan);
  return planned(task, 'damaged', plan, { error: nodeErrorOf(verifyFailedError(report)) });
}
