/** What becomes of the log-index beside the receipts: it goes back with them, or stays and is told. Changes nothing. */
import { dirname, join } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import { fingerprintOfLogIndex, listLogIndex } from '../logindex/files.ts';
import { readLogIndex } from '../logindex/read.ts';
import { changeOf } from '../logindex/rewind.ts';
import { parseName } from '../pebble/names.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import { schemaOf } from '../schemas/known.ts';
import type { TableSchema } from '../schemas/types.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { LEFT_ALONE, LOG_INDEX_DIR, RECEIPT_STORE } from '../store/home.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Database, Table } from '../store/types.ts';
import type { FingerprintEntry, LogIndexPlan, PlanDatabase, TablePlan } from '../types.ts';
import type { PlanOptions } from './options.ts';
import type { SettledTarget } from './target.ts';

/** What a plan says of a log-index, and the files that it depends on. */
export interface LogIndexWork {
  readonly plan: LogIndexPlan | undefined;
  readonly fingerprint: readonly FingerprintEntry[];
  readonly notices: readonly string[];
}

const NO_WORK: LogIndexWork = { plan: undefined, fingerprint: [], notices: [] };

/** Leaves a log-index as it is. */
export const KEEP = 'keep';

/** What planning a log-index takes. */
export interface LogIndexContext {
  readonly fs: DurableFs;
  readonly options: Pick<PlanOptions, 'home' | 'logIndex' | 'signal'> & { readonly target: SettledTarget };
  readonly database: Database;
  readonly databases: readonly PlanDatabase[];
  readonly tables: readonly TablePlan[];
  readonly schemas: Readonly<Record<string, TableSchema>> | undefined;
}

/**
 * Plans the log-index of the receipts.
 * @throws RollbackError ERR_LOG_INDEX, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function planLogIndex(context: LogIndexContext): Promise<LogIndexWork> {
  const { fs, options, database, tables } = context;
  const receipts = database.tables.find(
    (t) => tables.some((p) => p.table === t.name) && schemaOf(t.name, context.schemas)?.name === 'receipts',
  );
  const named = placeOf(context, receipts);
  if (receipts === undefined || named === null)
    return receipts === undefined ? NO_WORK : besideUnnamed(context, receipts);
  const dir = realDirectory(fs, named);
  const place = { dir, ...homeOfUndoData(fs, database, receipts, dir) };
  const { target } = options;
  const reason = reasonToKeep(context, dir);
  if (target.kind !== 'height' || reason !== null) {
    const words = reason ?? 'target';
    return {
      plan: { ...place, verdict: 'keep', reason: words, newest: null, oldest: null, step: null },
      fingerprint: [],
      notices: [`the log-index in ${dir} stays as it is, because ${BECAUSE[words]}. ${LEFT_ALONE}`],
    };
  }
  return { ...(await planRewind(fs, place, receipts.name, target.height, options.signal)), notices: [] };
}

const BECAUSE = {
  asked: '--log-index keep says so',
  target: 'the target is not a height',
  foreign: 'it holds no file that Pebble writes',
} as const;

/** Why a log-index is kept even with a target height; null where it is not. */
function reasonToKeep({ fs, options }: LogIndexContext, dir: string): 'asked' | 'foreign' | null {
  if (options.logIndex === KEEP) return 'asked';
  // A lock alone, or files of something else: Pebble would begin a new store beside them.
  const isPebble = listLogIndex(fs, dir).some(({ name }) => parseName(name) !== null);
  return isPebble ? null : 'foreign';
}

/** Where the caller or the home says that a log-index lies; null where neither does. */
function placeOf({ options, databases }: LogIndexContext, receipts: Table | undefined): string | null {
  const { logIndex: given, home } = options;
  if (given !== undefined && given !== KEEP) {
    if (receipts !== undefined) return given;
    throw logIndexError(
      given,
      'no table of receipts is planned',
      'Leave out --log-index, or plan the receipts, too',
    );
  }
  const isPlanned = databases.some((d) => d.name === RECEIPT_STORE);
  return isPlanned ? (home?.logIndex ?? null) : null;
}

/** Roots alone do not say whether what lies beside them is theirs. */
function besideUnnamed({ fs, database, tables, options }: LogIndexContext, receipts: Table): LogIndexWork {
  const removes = tables.some((t) => t.table === receipts.name && t.removed.records > 0);
  if (!removes || options.home !== undefined) return NO_WORK;
  const beside = (database.groups[receipts.database] ?? [])
    .map((root) => join(dirname(database.roots[root] as string), LOG_INDEX_DIR))
    .find((path) => lstatOrNull(fs, path)?.kind === 'directory');
  if (beside === undefined) return NO_WORK;
  const how = 'with a target height, --log-index DIR takes it back, too';
  return {
    ...NO_WORK,
    notices: [`the log-index in ${beside} was not named and stays as it is: ${how}. ${LEFT_ALONE}`],
  };
}

function realDirectory(fs: DurableFs, path: string): string {
  try {
    const real = fs.realpath(path);
    if (fs.lstat(real).kind === 'directory') return real;
  } catch (error) {
    throw ioError(error, path, 'look for the log-index');
  }
  throw logIndexError(path, 'it is not a directory', 'Check the spelling, and that its disk is mounted');
}

/** The first root of the receipts, or the one beside which it lies. */
function homeOfUndoData(
  fs: DurableFs,
  { roots, groups }: Database,
  { database }: Table,
  dir: string,
): Pick<LogIndexPlan, 'root' | 'beside'> {
  const own = groups[database] ?? [];
  const isBeside = (root: number): boolean => {
    const path = join(dirname(roots[root] as string), LOG_INDEX_DIR);
    return lstatOrNull(fs, path) !== null && fs.realpath(path) === dir;
  };
  const beside = own.find(isBeside);
  return { root: beside ?? (own[0] as number), beside: beside !== undefined };
}

/**
 * How a log-index is taken back to a height; it is read for that.
 * @throws RollbackError ERR_LOG_INDEX, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function planRewind(
  fs: DurableFs,
  { dir, root, beside }: Pick<LogIndexPlan, 'dir' | 'root' | 'beside'>,
  table: string,
  height: bigint,
  signal?: AbortSignal,
): Promise<Pick<LogIndexWork, 'plan' | 'fingerprint'>> {
  const place = { dir, root, beside };
  const before = fingerprintOfLogIndex(fs, dir);
  try {
    const state = await readLogIndex(fs, dir, signal);
    const change = changeOf(state, height);
    const newest = { before: `${state.newest}`, after: `${change?.newest ?? state.newest}` };
    const oldest = { before: `${state.oldest}`, after: `${change?.oldest ?? state.oldest}` };
    const heights = { reason: null, newest, oldest };
    if (change === null)
      return { plan: { ...place, verdict: 'nothing', ...heights, step: null }, fingerprint: [] };
    const { name, from, keep, append } = change;
    const file = { root: 'log-index', path: name } as const;
    const step = { op: 'rewind-log', table, file, from, keep, append: append.toString('hex') } as const;
    return { plan: { ...place, verdict: 'rewind', ...heights, step }, fingerprint: before };
  } catch (error) {
    throw error instanceof PebbleRefusal ? unfitError(dir, error) : error;
  }
}

/** What must hold of a log-index, by the code of the refusal. */
const PRECONDITIONS: Readonly<Record<PebbleRefusal['code'], string>> = {
  'unknown-file': 'only files that Pebble writes',
  markers: 'one marker of each kind',
  format: 'format version 016',
  options: 'the options of sei-chain',
  manifest: 'a whole MANIFEST without features that sei-chain does not use',
  'table-files': 'every live table, as the MANIFEST has it',
  log: 'logs that are whole, and hold tags and heights only',
  'no-trailer': 'logs that are closed',
  sequence: 'numbers that are left',
};

function unfitError(dir: string, refusal: PebbleRefusal): RollbackError {
  const found = `${refusal.found} (needed: ${PRECONDITIONS[refusal.code]})`;
  const next =
    'Start the node once, stop it cleanly, and plan again; or leave the log-index as it is with --log-index keep';
  return logIndexError(refusal.file === null ? dir : join(dir, refusal.file), found, next, refusal);
}

function logIndexError(path: string, found: string, next: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_LOG_INDEX',
    { what: `The log-index of the receipts cannot be taken back: ${found}`, why: LEFT_ALONE, next },
    { path },
    cause,
  );
}
