/**
 * Planning: reads a database and describes, as plain data, what a rollback would do. It creates, deletes,
 * seals, repairs and truncates nothing. The only file that it makes is the lock, and it removes it again.
 */
import { randomUUID } from 'node:crypto';
import { RollbackError, withIoErrors } from '../errors.ts';
import { withCallbacks } from '../input/callbacks.ts';
import { reachingTotals } from '../input/progress.ts';
import { digestOf } from '../plan/digest.ts';
import { fingerprintOf } from '../plan/fingerprint.ts';
import { checkedSchemas } from '../schemas/checked-schema.ts';
import { refuseWithoutSchema } from '../schemas/require.ts';
import { readDatabase } from '../store/database.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import type { NodeHome } from '../store/home.ts';
import { RECEIPT_STORE, readHome } from '../store/home.ts';
import { inspectLock } from '../store/lock.ts';
import { withLocks } from '../store/lock-database.ts';
import { refuseUnfinished } from '../store/open-transaction.ts';
import { resolveRoots } from '../store/roots.ts';
import { isSnapshotDirUsed, resolveSnapshotDir } from '../store/snapshot-dir.ts';
import type { Database, Table } from '../store/types.ts';
import { tableUnknownError } from '../store/unknown-table.ts';
import type { PlanDatabase, RollbackPlan, TablePlan } from '../types.ts';
import { type PlanContext, TableContext } from './context.ts';
import { refuseMissingRoots } from './missing-roots.ts';
import { type PlanOptions, refuseBadPlanOptions } from './options.ts';
import { type LogIndexWork, planLogIndex } from './plan-log-index.ts';
import { planTable } from './plan-table.ts';
import { describeTarget, refuseUnknownTables, type SettledTarget, settledTarget } from './target.ts';

/**
 * Plans a rollback of one database. No error leaves a change behind.
 * @throws RollbackError every refusal, every kind of damage, ERR_LOCKED, ERR_IO
 */
export async function planRollback(options: PlanOptions): Promise<RollbackPlan> {
  const fs = realFs;
  refuseBadPlanOptions(options);
  const target = settledTarget(options.target);
  return withCallbacks(async (callbacks) => {
    const progress = reachingTotals(callbacks.guard('onProgress', options.onProgress));
    const plan = await planGuarded(fs, { ...options, target, onProgress: progress.report });
    progress.finish();
    return plan;
  });
}

/** The same options, with the target in its one form. */
type Settled = PlanOptions & { readonly target: SettledTarget };

function planGuarded(fs: DurableFs, options: Settled): Promise<RollbackPlan> {
  const locked = (): Promise<RollbackPlan> =>
    planDatabase(fs, options, { unlocked: false, approximate: false });
  return withIoErrors(options.roots[0] as string, 'read the database', () => {
    if (options.lock === false) return planUnlocked(fs, options);
    return options.locks === undefined ? withLocks(options.roots, options.snapshotDir, locked) : locked();
  });
}

function planUnlocked(fs: DurableFs, options: Settled): Promise<RollbackPlan> {
  const roots = resolveRoots(fs, options.roots);
  refuseUnfinished(fs, roots);
  // A lock that cannot be read (another user's, or one that is being written) may belong to a node.
  const inUse = roots.some((root) =>
    ['held', 'elsewhere', 'unreadable'].includes(inspectLock(fs, root).state),
  );
  return planDatabase(fs, options, { unlocked: true, approximate: inUse });
}

async function planDatabase(
  fs: DurableFs,
  options: Settled,
  marks: { unlocked: boolean; approximate: boolean },
): Promise<RollbackPlan> {
  const { database, databases, outside } = databasesInScope(fs, options);
  const tables = tablesInScope(database, options.tables);
  refuseUnknownTables(
    options.target,
    database.tables.map((t) => t.name),
  );
  refuseUnknown(Object.keys(options.schemas ?? {}), database, 'A schema was given, but there is no table');
  if (options.target.kind === 'height') refuseWithoutSchema(tables, options.schemas);
  refuseMissingRoots(fs, database, tables, options.allRoots ?? false);
  const context = contextOf(fs, options, database);
  const plans: TablePlan[] = [];
  for (const table of tables) plans.push(await planTable(new TableContext(context, table)));
  refuseTooMuch(plans, options.maxRemove);
  const snapshotDir = context.snapshotDir === 'none' ? null : context.snapshotDir;
  const schemas = context.schemas;
  const logIndex = await planLogIndex({ fs, options, database, databases, tables: plans, schemas });
  const inScope = new Set(tables.map((t) => t.name));
  const plan = {
    format: 'litt-rollback/plan',
    version: 1,
    id: randomUUID(),
    createdAt: new Date().toISOString(),
    target: describeTarget(options.target),
    ...marks,
    roots: database.roots,
    databases,
    snapshotDir,
    tables: plans,
    ...(logIndex.plan !== undefined && { logIndex: logIndex.plan }),
    tablesOutside: [...outside, ...database.tables.map((t) => t.name)].filter((name) => !inScope.has(name)),
    notices: [
      ...homeNotices(options.home, databases, logIndex),
      ...(options.home !== undefined && plans.some((p) => p.removed.records > 0) ? [THE_REST] : []),
      ...snapshotNotices(options.snapshotDir, context),
      ...database.notTables.map(
        (path) => `${path} looks like a table, but the engine does not accept its name`,
      ),
    ],
    fingerprint: [...fingerprintOf(fs, tables, snapshotDir), ...logIndex.fingerprint],
  } as const;
  return { ...plan, digest: digestOf(plan) };
}

function snapshotDirOf(fs: DurableFs, given: string | undefined, database: Database): string | 'none' | null {
  if (given === undefined || given === 'none') return given ?? null;
  const dir = resolveSnapshotDir(fs, given, database.roots);
  const tables = database.tables.map((t) => t.name);
  return isSnapshotDirUsed(fs, dir, database.roots, tables) ? dir : null;
}

function snapshotNotices(given: string | undefined, { snapshotDir }: PlanContext): readonly string[] {
  if (given === undefined || snapshotDir !== null) return [];
  return [
    `this database has no snapshots: ${given}, given as the snapshot directory, is neither locked nor changed`,
  ];
}

/** The guide has a table of what else holds heights. */
const THE_REST =
  'the rest of the node keeps its heights: bring it back with seid rollback where that is enough, else with a state sync';

/** Notices about files beside a store concern only a plan that rolls that store back. */
function homeNotices(
  home: NodeHome | undefined,
  databases: readonly PlanDatabase[],
  { plan, notices }: LogIndexWork,
): readonly string[] {
  if (home === undefined) return notices;
  const isOpen = plan === undefined && databases.some((d) => d.name === RECEIPT_STORE);
  return [...home.notices.filter((notice) => isOpen || notice !== home.logIndexNotice), ...notices];
}

/** A database of the home without a wanted table stays outside the plan and its journal. */
function databasesInScope(
  fs: DurableFs,
  { roots, home, tables: wanted }: PlanOptions,
): { database: Database; databases: readonly PlanDatabase[]; outside: readonly string[] } {
  if (home === undefined) {
    const database = readDatabase(fs, roots);
    return { database, databases: [{ name: null, roots: database.roots.map((_, i) => i) }], outside: [] };
  }
  const all = readHome(fs, home.databases);
  const isWanted = (i: number): boolean =>
    wanted === undefined || all.tables.some((t) => t.database === i && wanted.includes(t.name));
  const chosen = home.databases.filter((_, i) => isWanted(i));
  const database =
    chosen.length === 0 || chosen.length === home.databases.length ? all : readHome(fs, chosen);
  const named = database === all ? home.databases : chosen;
  return {
    database,
    databases: named.map(({ name }, i) => ({ name, roots: database.groups[i] ?? [] })),
    outside: all.tables.map((t) => t.name).filter((name) => !database.tables.some((t) => t.name === name)),
  };
}

function contextOf(fs: DurableFs, options: Settled, database: Database): PlanContext {
  return {
    fs,
    target: options.target,
    onNoMatch: options.onNoMatch ?? 'refuse',
    schemas: checkedSchemas(options.schemas),
    stragglers: options.stragglers ?? 'refuse',
    dropOrphans: options.dropOrphans ?? false,
    check: options.check ?? 'all',
    acceptDamage: options.acceptDamage ?? false,
    snapshotDir: snapshotDirOf(fs, options.snapshotDir, database),
    now: BigInt(Date.now()) * 1_000_000n,
    blockBytes: options.blockBytes,
    signal: options.signal,
    onProgress: options.onProgress,
  };
}

function tablesInScope(database: Database, wanted: readonly string[] | undefined): readonly Table[] {
  if (wanted === undefined || wanted.length === 0) return database.tables;
  refuseUnknown(wanted, database, 'There is no table');
  return database.tables.filter((t) => wanted.includes(t.name));
}

function refuseUnknown(wanted: readonly string[], database: Database, what: string): void {
  const names = database.tables.map((t) => t.name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw tableUnknownError(unknown, names, what);
}

function refuseTooMuch(plans: readonly TablePlan[], limit: PlanOptions['maxRemove']): void {
  if (limit === undefined) return;
  const removed = plans.reduce((sum, p) => sum + p.removed.records, 0);
  const all = plans.reduce((sum, p) => sum + p.kept.records, removed);
  const percent = all === 0 ? 0 : (100 * removed) / all;
  const tooMuch = 'records' in limit ? removed > limit.records : percent > limit.percent;
  if (!tooMuch) return;
  const allowed =
    'records' in limit
      ? `${limit.records} ${limit.records === 1 ? 'record is' : 'records are'}`
      : `${limit.percent}% are`;
  throw new RollbackError('ERR_MAX_REMOVE', {
    what: `The plan would remove ${removed} of ${all} records (${percent.toFixed(1)}%), and at most ${allowed} allowed`,
    why: 'A target that removes more than expected is often the wrong target',
    next: 'Check the target with a plan without --max-remove, or raise the limit',
  });
}
