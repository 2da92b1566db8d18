/** A worker that died says nothing: the files of its node tell how far it was. */
import { ioError, RollbackError } from '../errors.ts';
import { realFs } from '../store/durable-fs.ts';
import { ended, planned, savedPlan } from './node-tools.ts';
import { standingOf } from './standing.ts';
import type { NodeTask } from './tasks.ts';
import { type NodeEnded, type NodePlanned, nodeErrorOf, verdictOf } from './verdicts.ts';
import type { TaskResult } from './worker-pool.ts';

/** The death of a worker. */
export type Death = Extract<TaskResult, { readonly died: string }>;

/** How a worker failed that gave no answer, or not the one to its task. */
export function deathOf(result: TaskResult): Death {
  return 'died' in result ? result : { died: 'its worker answered something else', changing: true };
}

/** The verdict on a node whose worker died while it looked: nothing was changed. */
export function judgeLooking(task: NodeTask, death: Death): NodePlanned {
  return planned(task, 'crashed', null, { error: nodeErrorOf(workerError(death, 'Nothing was changed')) });
}

/** The verdict on a node whose worker died while it changed the node. */
export async function judgeChanging(task: NodeTask, death: Death): Promise<NodeEnded> {
  try {
    const plan = await savedPlan(task);
    if (plan === null) throw workerError(death, 'The plan of the node is gone with it');
    const standing = standingOf(realFs, plan);
    const isThere = standing.is === (task.command === 'undo' ? 'undone' : 'stands');
    if (isThere && task.command !== 'purge') return ended(task, 'done', plan, { changed: death.changing });
    const isHalfWay = standing.is === 'unfinished';
    const state = isHalfWay
      ? 'The node is half-way and shut: run the same command again, and it is finished'
      : 'Run the same command again';
    return ended(task, isHalfWay ? 'unfinished' : 'crashed', plan, {
      changed: isHalfWay || death.changing,
      error: nodeErrorOf(workerError(death, state)),
    });
  } catch (error) {
    const known = ioError(error, task.node.home ?? task.node.src[0] ?? '', 'look at the node');
    return ended(task, verdictOf(known), null, { changed: death.changing, error: nodeErrorOf(known) });
  }
}

function workerError({ died }: Death, state: string): RollbackError {
  return new RollbackError('ERR_WORKER', {
    what: `The work on this node stopped: ${died}`,
    why: state,
    next: 'Look for the reason in the log of the system, for instance too little memory; then run the same command again',
  });
}
