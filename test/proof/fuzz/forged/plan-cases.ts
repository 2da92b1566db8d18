/** How forged plans are made and judged. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyPlan, type RollbackPlan, readPlanFile, undoRollback } from '../../../../lib/index.ts';
import { digestOf } from '../../../../lib/plan/digest.ts';
import { treeOf } from '../../../helpers/tree.ts';
import { cameOf, problemsOfEnd, problemsOfTouch, problemsOfUndo, problemsOutside } from './judge.ts';
import type { World } from './world.ts';

/** Something that was JSON, open to any change. */
export type Forged = Record<string, unknown>;

/** A plan, open to any change. */
export interface ForgedPlan extends Forged {
  tables: (Forged & { table: string; steps: Forged[] })[];
}

/** One forged plan. */
export interface PlanCase {
  readonly name: string;
  /** What the plan file holds: a text as it is, anything else as JSON. */
  readonly forge: (world: World) => unknown;
  /** What is changed in the database before. */
  readonly prepare?: (world: World) => void | Promise<void>;
  /**
   * `refused` (default): nothing may change. `undoable`: a plan that cannot be told from a true one may be
   * carried out or fail half-way, but undo must restore every byte.
   */
  readonly expect?: 'refused' | 'undoable';
}

/** The world's plan with a change. */
export function edited(world: World, change: (plan: ForgedPlan) => unknown): ForgedPlan {
  const plan = structuredClone(world.plan) as unknown as ForgedPlan;
  change(plan);
  return plan;
}

/** The step whose file (`path`, or `root:path`) ends like this. */
export function stepAt(plan: ForgedPlan, ending: string): Forged {
  const steps = plan.tables.flatMap((t) => t.steps);
  const found = steps.find((s) => {
    const { root, path } = s['file'] as { root: unknown; path: string };
    return `${root}:${path}`.endsWith(ending);
  });
  if (found === undefined) throw new Error(`the plan has no step for ${ending}`);
  return found;
}

/** The world's plan with one step changed. */
export function changeStep(world: World, ending: string, change: (step: Forged) => void): ForgedPlan {
  return edited(world, (plan) => change(stepAt(plan, ending)));
}

/** The world's plan with one step more. */
export function addStep(world: World, table: string, step: Forged): ForgedPlan {
  return edited(world, (plan) => plan.tables.find((t) => t.table === table)?.steps.unshift(step));
}

/** The world's plan without some steps. */
export function dropSteps(world: World, gone: (step: Forged) => boolean): ForgedPlan {
  return edited(world, (plan) => {
    for (const table of plan.tables) table.steps = table.steps.filter((s) => !gone(s));
  });
}

/** Applies a forged plan; what is wrong with how that went. */
export async function problemsOfPlan(one: PlanCase, world: World): Promise<string[]> {
  await one.prepare?.(world);
  const file = join(world.dir, 'plan.json');
  writeFileSync(file, fileText(one.forge(world)));
  const before = treeOf(world.dir);
  const came = await cameOf(async () => applyPlan(await readPlanFile(file)));
  const after = treeOf(world.dir);
  const problems = [...problemsOfEnd(came), ...problemsOutside(before, after)];
  const touched = problemsOfTouch(before, after);
  if (touched.length === 0) return problems;
  const { roots, snapshotDir } = world;
  const undo = await problemsOfUndo(
    before,
    () => undoRollback(roots, { snapshotDir }),
    () => treeOf(world.dir),
  );
  if ((one.expect ?? 'refused') === 'refused') problems.push(...touched);
  return [...problems, ...undo];
}

/** A forger makes the digest right: what is behind it must hold by itself. */
function fileText(forged: unknown): string {
  if (typeof forged === 'string') return forged;
  return JSON.stringify({ ...(forged as object), digest: digestOf(forged as RollbackPlan) });
}
