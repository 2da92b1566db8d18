/** SOURCE, TARGET and SCOPE from the command line, turned into planning options. */
import { RollbackError } from '../errors.ts';
import { formatRfc3339, parseRfc3339 } from '../format/rfc3339.ts';
import type { PlanOptions } from '../planner/options.ts';
import type { CheckScope, NoMatchPolicy, StragglerPolicy } from '../types.ts';
import type { GivenTime, Limit } from './option-values.ts';
import { readSchemas } from './schemas.ts';
import { type SourceOptions, sourceOf } from './source.ts';
import { readTarget, type TargetOptions } from './target.ts';

/** What to plan, and what is allowed. */
export interface ScopeOptions {
  readonly table?: readonly string[];
  readonly onNoMatch?: NoMatchPolicy;
  readonly schema?: readonly string[];
  readonly stragglers?: StragglerPolicy;
  readonly dropOrphans?: true;
  readonly allRoots?: true;
  readonly check?: CheckScope;
  readonly acceptDamage?: true;
  readonly snapshotDir?: string;
  readonly logIndex?: string;
  readonly maxRemove?: Limit;
}

/** All input of a plan. */
export type PlanningOptions = SourceOptions & TargetOptions & ScopeOptions;

const SOURCES = ['src', 'home'] as const;
const TARGETS = ['height', 'key', 'keysFile', 'before', 'dropLast', 'keepFirst', 'filter'] as const;

/** The name of an option's property, as it is typed. */
function flagOf(property: string): string {
  return `--${property.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/** Refuses none and more than one target before anything is read. */
export function refuseManyTargets(options: TargetOptions): void {
  const given = TARGETS.filter((name) => options[name] !== undefined).map(flagOf);
  if (given.length === 1) return;
  throw new RollbackError('ERR_USAGE', {
    what: given.length === 0 ? 'No target was given' : `More than one target was given: ${given.join(', ')}`,
    why: 'A rollback needs exactly one place to stop at',
    next: `Give one of ${TARGETS.map(flagOf).join(', ')}`,
  });
}

/** The names of the given planning options, for a message. */
export function givenPlanningFlags(options: PlanningOptions): string[] {
  const names = [...SOURCES, ...TARGETS, ...SCOPE_NAMES] as const;
  return names.filter((name) => options[name] !== undefined).map(flagOf);
}

const SCOPE_NAMES = [
  'table',
  'onNoMatch',
  'schema',
  'stragglers',
  'dropOrphans',
  'allRoots',
  'check',
  'acceptDamage',
  'snapshotDir',
  'logIndex',
  'maxRemove',
] as const satisfies readonly (keyof ScopeOptions)[];

/** Options for planRollback, without locks, signal and progress. Reads the target's file or module. */
export async function planOptionsOf(options: PlanningOptions): Promise<PlanOptions> {
  const { roots, home } = sourceOf(options);
  refuseManyTargets(options);
  const target = await readTarget(options);
  return {
    roots,
    home,
    target,
    // On the command line a table without a match is a question, not a default.
    onNoMatch: options.onNoMatch ?? 'refuse',
    ...(options.schema && { schemas: await readSchemas(options.schema) }),
    ...(options.stragglers && { stragglers: options.stragglers }),
    ...(options.table && { tables: [...new Set(options.table)] }),
    ...(options.dropOrphans && { dropOrphans: true }),
    ...(options.allRoots && { allRoots: true }),
    ...(options.check && { check: options.check }),
    ...(options.acceptDamage && { acceptDamage: true }),
    ...(options.snapshotDir !== undefined && { snapshotDir: options.snapshotDir }),
    ...(options.logIndex !== undefined && { logIndex: options.logIndex }),
    ...(options.maxRemove && { maxRemove: options.maxRemove }),
  };
}

/** The program's reading of a target, if the user typed it in another form. */
export function remarksOn({ before }: TargetOptions): string[] {
  if (before === undefined || parseRfc3339(before.given) !== null) return [];
  return [`--before ${before.given} is taken for ${formatRfc3339(before.time)} (UTC)`];
}

/** The words of an `apply` that does what this plan shows. */
export function applyCommand(options: PlanningOptions): string[] {
  const words = ['litt-rollback', 'apply'];
  for (const name of [...SOURCES, ...TARGETS, ...SCOPE_NAMES] as const) {
    const value = options[name];
    if (value === undefined) continue;
    const flag = flagOf(name);
    if (value === true) words.push(flag);
    else if (Array.isArray(value)) words.push(...(value as readonly string[]).flatMap((v) => [flag, v]));
    else if (typeof value === 'object') words.push(flag, valueText(value as Limit | GivenTime));
    else words.push(flag, String(value));
  }
  return words;
}

function valueText(value: Limit | GivenTime): string {
  if ('time' in value) return formatRfc3339(value.time);
  return 'percent' in value ? `${value.percent}%` : `${value.records}`;
}
