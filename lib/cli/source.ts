/** SOURCE on the command line: roots, the home of a node, or a saved plan. */
import { hasErrno, RollbackError } from '../errors.ts';
import { readPlanFile } from '../plan/file.ts';
import { placesOf } from '../plan/places.ts';
import type { NodeHome } from '../store/home.ts';
import { sourceOfHome } from '../store/home-source.ts';
import type { RootGroups } from '../store/types.ts';
import type { RollbackPlan } from '../types.ts';
import type { GivenSource } from './given-source.ts';

/** Where the database is. */
export interface SourceOptions {
  readonly src?: readonly string[];
  readonly home?: string;
}

/** The given roots, or those of the given node's home. */
export interface Source {
  readonly roots: readonly string[];
  readonly home: NodeHome | undefined;
  /** Which roots belong together. */
  readonly groups: RootGroups | undefined;
  /** The snapshot directory that a saved plan names. */
  readonly snapshotDir?: string | undefined;
  /** The log-index of the home, or the one that a saved plan takes back. */
  readonly logIndex?: string | undefined;
}

/** Where the database is: roots, or the home of a node. */
export function sourceOf({ src, home: dir }: SourceOptions): Source {
  if (src !== undefined && dir !== undefined) {
    throw new RollbackError('ERR_USAGE', {
      what: 'Both --src and --home were given',
      next: 'Name either every root of one database with --src, or the home of a node with --home',
    });
  }
  if (src !== undefined) return { roots: src, home: undefined, groups: undefined };
  if (dir === undefined) {
    throw new RollbackError('ERR_USAGE', {
      what: 'No database was given',
      next: 'Name every root of the database with --src DIR, once for each, or the home of a node with --home DIR',
    });
  }
  return sourceOfHome(dir);
}

/** Like sourceOf(), for the commands that also take a saved plan. */
export async function sourceOrPlan(
  file: string | undefined,
  options: SourceOptions,
  given: GivenSource,
): Promise<Source> {
  if (file === undefined) return sourceOf(options);
  refuseBesidePlan(
    (['src', 'home'] as const).filter((name) => options[name] !== undefined).map((n) => `--${n}`),
  );
  const plan = await readGivenPlan(file, given);
  const groups = plan.databases.map((d) => d.roots);
  return { roots: plan.roots, home: undefined, groups, ...placesOf(plan) };
}

/** A plan already holds these options. @throws RollbackError ERR_USAGE */
export function refuseBesidePlan(flags: readonly string[]): void {
  if (flags.length === 0) return;
  throw new RollbackError('ERR_USAGE', {
    what: `A saved plan and ${flags.join(', ')} were given together`,
    why: 'A saved plan already says which database, which target and which scope it has',
    next: 'Give either the plan file alone, or no plan file',
  });
}

/** The plan in the named file. @throws RollbackError ERR_USAGE when there is none, what readPlanFile throws */
export async function readGivenPlan(path: string, given: GivenSource): Promise<RollbackPlan> {
  try {
    const plan = await readPlanFile(path);
    const logIndex = plan.logIndex?.step == null ? undefined : plan.logIndex.dir;
    given.set({ src: plan.roots, snapshotDir: plan.snapshotDir ?? undefined, logIndex });
    return plan;
  } catch (error) {
    if (!(error instanceof RollbackError) || !hasErrno(error.cause, 'ENOENT', 'ENOTDIR')) throw error;
    const next = 'Correct the path of the plan; a root of a database is given with --src';
    throw new RollbackError('ERR_USAGE', { what: 'The plan file does not exist', next }, { path }, error);
  }
}
