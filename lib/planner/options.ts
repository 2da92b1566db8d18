/**
 * Checks options that plain JavaScript may pass wrongly, before anything is read. Unchecked, a misspelt policy
 * or scope would mean the laxer one, and a limit without its number no limit at all.
 */
import { is, isObject, isOneOf, refuseBadRoots, usageError } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions, refuseUnknownNames } from '../input/options.ts';
import type { TableSchema } from '../schemas/types.ts';
import type { NodeHome } from '../store/home.ts';
import type { LockSet } from '../store/lock.ts';
import type { CheckScope, NoMatchPolicy, Progress, StragglerPolicy } from '../types.ts';
import type { Target } from './target.ts';

const CHECKS: OptionChecks<PlanOptions> = {
  roots: () => null, // looked at by themselves, as they must be there
  target: () => null,
  home: is.home,
  tables: is.names,
  onNoMatch: isOneOf('refuse', 'keep', 'delete'),
  schemas: is.schemas,
  stragglers: isOneOf('refuse', 'keep', 'drop'),
  dropOrphans: is.boolean,
  allRoots: is.boolean,
  check: isOneOf('all', 'pivot'),
  acceptDamage: is.boolean,
  snapshotDir: is.text,
  logIndex: is.text,
  maxRemove: isLimit,
  lock: is.boolean,
  locks: is.locks,
  blockBytes: is.size,
  signal: is.signal,
  onProgress: is.function,
};

/** @throws RollbackError ERR_USAGE */
export function refuseBadPlanOptions(options: PlanOptions): void {
  refuseBadOptions('planRollback', options, CHECKS);
  refuseBadRoots(options.roots);
  const { maxRemove } = options;
  if (maxRemove === undefined) return;
  refuseUnknownNames('maxRemove has no field', Object.keys(maxRemove), ['records', 'percent']);
  if (Object.keys(maxRemove).length > 1) throw usageError('maxRemove takes records or percent, not both');
}

function isLimit(limit: unknown): string | null {
  const value = isObject(limit) ? (limit['records'] ?? limit['percent'] ?? null) : null;
  // A misspelt field is told by its name.
  const isMisspelt = isObject(limit) && Object.keys(limit).length === 1 && value === null;
  return isMisspelt || (typeof value === 'number' && value >= 0)
    ? null
    : '{ records: 1000 } or { percent: 5 }';
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
  /** Policy for a table in which nothing matches; default 'refuse'. */
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
  /**
   * The log-index of the receipts, which a target by height takes back, too; 'keep' leaves it as it is. Default: the
   * one beside the receipts of `home`.
   */
  readonly logIndex?: string | undefined;
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
