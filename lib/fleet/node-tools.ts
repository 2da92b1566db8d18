/** What the work on one node is given, and what all of it shares. */
import { type ErrorText, RollbackError } from '../errors.ts';
import { readPlanFile } from '../plan/file.ts';
import { placesOf } from '../plan/places.ts';
import type { PlanOptions } from '../planner/options.ts';
import { realFs } from '../store/durable-fs.ts';
import { sourceOfHome } from '../store/home-source.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RootGroups } from '../store/types.ts';
import type { Progress, RollbackPlan } from '../types.ts';
import type { NodeTask, TaskNode } from './tasks.ts';
import {
  type NodeEnded,
  type NodePlanned,
  nodeErrorOf,
  type PlannedVerdict,
  tableEnds,
  verdictOf,
} from './verdicts.ts';

/** What a worker gives to its work. */
export interface NodeTools {
  /** The options of a plan, from the words of the command line. May load a user's module. */
  readonly planningOf: (words: readonly string[]) => Promise<PlanOptions>;
  /** Called right before the first change; throws when the batch does not want it any more. */
  readonly onStart: () => Promise<void>;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

/** The saved plan of a node; null where none is saved. @throws RollbackError as readPlanFile */
export async function savedPlan({ planFile }: NodeTask): Promise<RollbackPlan | null> {
  if (planFile === null || lstatOrNull(realFs, planFile) === null) return null;
  return readPlanFile(planFile);
}

/** The roots of a node, which of them belong together, and what lies beside them. @throws RollbackError as findHome */
export function sourceOfNode({ home, src, snapshotDir, logIndex }: TaskNode): {
  readonly roots: readonly string[];
  readonly groups: RootGroups | undefined;
  readonly snapshotDir: string | undefined;
  readonly logIndex: string | undefined;
} {
  const found = home === null ? { roots: src, groups: undefined, logIndex: undefined } : sourceOfHome(home);
  const { roots, groups } = found;
  return { roots, groups, snapshotDir: snapshotDir ?? undefined, logIndex: logIndex ?? found.logIndex };
}

/** What a command that goes on with a plan needs besides the roots. */
export function goingOnWith(plan: RollbackPlan, { signal, onProgress }: NodeTools) {
  return { id: plan.id, ...placesOf(plan), signal, onProgress };
}

/** A node that was looked at. */
export function planned(
  { node }: NodeTask,
  verdict: PlannedVerdict,
  plan: RollbackPlan | null,
  more: Partial<NodePlanned> = {},
): NodePlanned {
  return {
    node: node.name,
    verdict,
    transaction: plan?.id ?? null,
    tables: plan === null ? [] : tableEnds(plan),
    needs: [],
    notices: [],
    error: null,
    ...more,
  };
}

/** A node that cannot be planned. */
export function plannedFailure(
  task: NodeTask,
  error: RollbackError,
  plan: RollbackPlan | null = null,
): NodePlanned {
  return planned(task, verdictOf(error), plan, { error: nodeErrorOf(error) });
}

/** A node at its end. */
export function ended(
  { node }: NodeTask,
  verdict: NodeEnded['verdict'],
  plan: RollbackPlan | null,
  more: Partial<NodeEnded> = {},
): NodeEnded {
  return {
    node: node.name,
    verdict,
    changed: false,
    transaction: plan?.id ?? null,
    tables: plan === null ? [] : tableEnds(plan),
    notices: [],
    error: null,
    ...more,
  };
}

/** The refusal to go on with a run on a node. */
export function runError(text: ErrorText): RollbackError {
  return new RollbackError('ERR_RUN', text);
}

/** The refusal where the run took its rollback of a node back. */
export function takenBackError(text: string): RollbackError {
  return runError({
    what: `The run took its rollback of this node back: ${text}`,
    why: 'A run that was taken back is over, so that it rolls no node back twice',
    next: 'Roll it back again with another run: --run DIR',
  });
}

/** The refusal where the run has no plan for a node. */
export function noPlanError(): RollbackError {
  return runError({
    what: 'The run has no plan for this node',
    why: 'Only a node with a plan of the run belongs to it',
    next: 'Give the target, and the node is planned: litt-rollback batch apply FLEET --height N',
  });
}
