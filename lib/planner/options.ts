/**
 * Checks options that plain JavaScript may pass wrongly, before anything is read. Unchecked, a misspelt policy
 * or scope would mean the laxer one, and a limit without its number no limit at all.
 */
import { RollbackError } from '../errors.ts';
import type { TableSchema } from '../schemas/types.ts';
import type { NodeHome } from '../store/home.ts';
import type { LockSet } from '../store/lock.ts';
import type { CheckScope, NoMatchPolicy, Progress, StragglerPolicy } from '../types.ts';
import type { Target } from './target.ts';

const CHOICES = {
  onNoMatch: ['refuse', 'keep', 'delete'],
  stragglers: ['refuse', 'keep', 'drop'],
  check: ['all', 'pivot'],
} as const;

/** @throws RollbackError ERR_USAGE */
export function refuseBadOptions(options: PlanOptions): void {
  const { tables, maxRemove } = options;
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value: unknown = options[name as keyof typeof CHOICES];
    if (value === undefined || (allowed as readonly unknown[]).includes(value)) continue;
    throw optionError(`${name} is ${String(value)}`, `Pass one of: ${allowed.join(', ')}`);
  }
  if (tables !== undefined && !(Array.isArray(tables) && tables.every((t) => typeof t === 'string'))) {
    throw optionError('tables must be a list of names', "Pass for example ['blocks']");
  }
  if (maxRemove !== undefined && !isLimit(maxRemove)) {
    throw optionError('maxRemove is not a limit', 'Pass { records: 1000 } or { percent: 5 }');
  }
}

function isLimit(limit: unknown): boolean {
  if (typeof limit !== 'object' || limit === null) return false;
  const value: unknown = 'records' in limit ? limit.records : 'percent' in limit ? limit.percent : null;
  return typeof value === 'number' && value >= 0;
}

function optionError(what: string, next: string): RollbackError {
  return new RollbackError('ERR_USAGE', { what, next });
}

/** What to plan. Everything but the roots and the target has a default that destroys nothing. */
export interface PlanOptions {
  /** Every root of one database. */
  readonly roots: readonly string[];
  /**
   * The home of the node that the roots belong to, from findHome(): its databases are planned as one
   * transaction.
   */
  readonly home?: NodeHome | undefined;
  readonly target: Target;
  /** Only these tables; default all. */
  readonly tables?: readonly string[] | undefined;
  /**
   * Default 'keep': a table in which nothing matches stays. For heights, times and `keep-first` the default is
   * 'refuse'.
   */
  readonly onNoMatch?: NoMatchPolicy | undefined;
  /** Schemas by table; `receipts` and `blocks` are known by their names. */
  readonly schemas?: Readonly<Record<string, TableSchema>> | undefined;
  /** Records above the target that would stay; default 'refuse'. */
  readonly stragglers?: StragglerPolicy | undefined;
  readonly dropOrphans?: boolean | undefined;
  readonly allRoots?: boolean | undefined;
  /** Default 'all'. */
  readonly check?: CheckScope | undefined;
  readonly acceptDamage?: boolean | undefined;
  /** Where the engine's snapshots are, or 'none'. */
  readonly snapshotDir?: string | undefined;
  readonly maxRemove?: { readonly records: number } | { readonly percent: number } | undefined;
  /** Default true. A plan made without locks can be read, but not applied. */
  readonly lock?: boolean | undefined;
  /** Locks that the caller holds already, from lockDatabase(). */
  readonly locks?: LockSet | undefined;
  /** Bytes read at once from a key file; default 256 KiB. */
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
