/**
 * A node's home: which databases it has, and where. The block store is `blockdb` below the state of Autobahn, by
 * default `data/autobahn/blockdb`; or it lies in `data/ledger/block`, which a default configuration names. The receipt
 * store lies where `app.toml` says; else in `data/receipt.db`, or, if that directory does not exist, in
 * `data/ledger/receipt/littidx`. The receipt store's LittDB is its directory `littdb`; beside it may lie `log-index`.
 */
import { isAbsolute, join, relative, resolve } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { is, refuseUnless } from '../input/checks.ts';
import type { RollbackPlan } from '../types.ts';
import { type ReadOptions, readDatabase } from './database.ts';
import { type DurableFs, type FileStat, realFs } from './durable-fs.ts';
import { refuseReplacedPath } from './foreign-path.ts';
import { type ConfiguredPlace, readHomeConfig } from './home-config.ts';
import { lstatOrNull } from './roots.ts';
import type { Database, RootGroups } from './types.ts';

/** One database of a node. */
export interface HomeDatabase {
  /** `block store` or `receipt store`. */
  readonly name: string;
  /** Absolute, one for each root. */
  readonly roots: readonly string[];
}

/** The contents of a home. */
export interface NodeHome {
  readonly dir: string;
  readonly databases: readonly HomeDatabase[];
  /** What the user must know: missing stores, and files that this program cannot rewind. */
  readonly notices: readonly string[];
  /** The notice that holds only if the receipt store is rolled back. */
  readonly logIndexNotice: string | null;
  /** Where the index beside the receipt store lies; null where there is none. */
  readonly logIndex?: string | null;
}

const BLOCKS = ['data/autobahn/blockdb', 'data/ledger/block'] as const;
const RECEIPTS = ['data/receipt.db', 'data/ledger/receipt/littidx'] as const;
const [OLD_RECEIPTS] = RECEIPTS;
const LITTDB = 'littdb';
/** Name of the directory beside a receipt store's LittDB. */
export const LOG_INDEX_DIR = 'log-index';

/** The name of the database of receipts. */
export const RECEIPT_STORE = 'receipt store';

/** What it means to leave a log-index as it is, and what it does not mean. */
export const LEFT_ALONE =
  'Left as it is, eth_getLogs gives wrong logs once the node executes other blocks at the removed heights. Do not ' +
  'remove it: the node cannot build it again, and all log history would be lost. Before the node starts, restore it ' +
  'from a copy of the same height, or state-sync the node';

/**
 * Finds the databases of the node whose home is `dir`. Reads directories only.
 * @throws RollbackError ERR_ROOT_NOT_FOUND, ERR_HOME_WITHOUT_DATABASE, ERR_HOME_CONFIG, ERR_TABLE_TWICE, ERR_IO
 */
export function findHomeWith(fs: DurableFs, dir: string): NodeHome {
  if (kindBehindLinks(fs, dir) !== 'directory') {
    refuseReplacedPath(fs, dir);
    throw new RollbackError(
      'ERR_ROOT_NOT_FOUND',
      {
        what: 'The home does not exist, or is not a directory',
        why: 'Data in other places may belong to another node',
        next: 'Check the spelling, and that its disk is mounted',
      },
      { path: dir },
    );
  }
  const databases: HomeDatabase[] = [];
  const notices: string[] = [];
  const config = readHomeConfig(fs, dir);
  findBlocks(fs, dir, config.blocks, databases, notices);
  const index = findReceipts(fs, dir, config.receipts, databases, notices);
  if (databases.length > 0) {
    const logIndex = index?.dir ?? null;
    return { dir, databases, notices, logIndexNotice: index?.notice ?? null, logIndex };
  }
  throw new RollbackError(
    'ERR_HOME_WITHOUT_DATABASE',
    {
      what: `Not the home of a node with LittDB databases: ${notices.join('; ')}`,
      why: 'Working on other directories could look like success',
      next: 'Pass the directory that the node was started with as its home, or the roots themselves with --src',
    },
    { path: dir },
  );
}

/** Two block stores are none: which of them the node opens is not certain. */
function findBlocks(
  fs: DurableFs,
  dir: string,
  configured: ConfiguredPlace | null,
  databases: HomeDatabase[],
  notices: string[],
): void {
  const [usual, ledger] = BLOCKS.map((place) => ({ place: place as string, path: join(dir, place) }));
  const own = configured === null ? usual : { place: configured.path, path: configured.path };
  const places = [own, ledger].filter((place) => place !== undefined);
  const found = places.filter(({ path }) => isDirectory(fs, dir, path));
  if (found.length > 1) throw twoStoresError(found.map(({ path }) => path));
  const [one] = found;
  if (one === undefined) {
    const where = places.map(({ place }) => place).join(' nor ');
    const by = configured === null ? '' : `, as ${configured.by} says`;
    notices.push(`this home has no block store: there is neither ${where}${by}`);
    return;
  }
  databases.push({ name: 'block store', roots: [one.path] });
  if (one.path === configured?.path)
    notices.push(`the block store lies in ${one.path}, as ${configured.by} says`);
}

function twoStoresError(paths: readonly string[]): RollbackError {
  return new RollbackError(
    'ERR_TABLE_TWICE',
    {
      what: `This home has two block stores: ${paths.join(' and ')}`,
      why: 'One of them is not the one that the node opens, and a target would mean both',
      next: 'Find out which one the node uses, and name the roots themselves with --src',
    },
    { path: paths[0] },
  );
}

/** Returns the index beside a receipt store of LittDB, and the notice about it. */
function findReceipts(
  fs: DurableFs,
  dir: string,
  configured: ConfiguredPlace | null,
  databases: HomeDatabase[],
  notices: string[],
): { readonly notice: string; readonly dir: string } | null {
  const places = configured === null ? RECEIPTS.map((p) => join(dir, p)) : [configured.path];
  const path = places.find((p) => isDirectory(fs, dir, p));
  const by = configured === null ? '' : `, as ${configured.by} says`;
  if (path === undefined) {
    const where = configured === null ? `neither ${RECEIPTS.join(' nor ')}` : `no ${configured.path}${by}`;
    notices.push(`this home has no receipt store: there is ${where}`);
    return null;
  }
  const place = configured === null ? relative(dir, path) : path;
  const hasLittDb = isDirectory(fs, dir, join(path, LITTDB));
  if (hasLittDb) databases.push({ name: RECEIPT_STORE, roots: [join(path, LITTDB)] });
  // Only the old place may belong to another engine. Elsewhere this means an unmounted disk, or damage.
  else if (place !== OLD_RECEIPTS) throw unclearPlaceError(path, `it holds no ${LITTDB}`);
  else notices.push(`the receipt store in ${place} is not a LittDB: it has no ${LITTDB}`);
  if (configured !== null) notices.push(`the receipt store lies in ${place}${by}`);
  const index = join(path, LOG_INDEX_DIR);
  if (!isDirectory(fs, dir, index)) return null;
  const notice = `${place}/${LOG_INDEX_DIR} is an index of another engine, which this program cannot rewind unless the target is a height. ${LEFT_ALONE}`;
  notices.push(notice);
  return hasLittDb ? { notice, dir: index } : null;
}

/**
 * Whether a place of a home is there. Links are followed: a node may have its data on another disk. Only a missing path
 * counts as absent.
 */
function isDirectory(fs: DurableFs, dir: string, place: string): boolean {
  const inside = relative(dir, place);
  const isInside = !inside.startsWith('..') && !isAbsolute(inside);
  let path = isInside ? dir : '/';
  for (const name of (isInside ? inside : resolve(place)).split('/').filter((part) => part !== '')) {
    path = join(path, name);
    if (lstatOrNull(fs, path) === null) return false;
    const kind = kindBehindLinks(fs, path);
    if (kind === null) throw unclearPlaceError(path, 'it is a link to nowhere');
    if (kind !== 'directory') throw unclearPlaceError(path, 'it is not a directory');
  }
  return true;
}

/** Null for a missing path. */
function kindBehindLinks(fs: DurableFs, path: string): FileStat['kind'] | null {
  try {
    return fs.lstat(fs.realpath(path)).kind;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw ioError(error, path, 'look for a database');
  }
}

function unclearPlaceError(path: string, found: string): RollbackError {
  return new RollbackError(
    'ERR_HOME_WITHOUT_DATABASE',
    {
      what: `A place where this home may have a database cannot be used: ${found}`,
      why: 'Without it one store would be rolled back and the other not',
      next: 'Check that its disk is mounted, or name the roots themselves with --src',
    },
    { path },
  );
}

/**
 * Finds the databases of the node whose home is `dir`.
 * @throws RollbackError ERR_ROOT_NOT_FOUND, ERR_HOME_WITHOUT_DATABASE, ERR_HOME_CONFIG, ERR_TABLE_TWICE, ERR_IO
 */
export function findHome(dir: string): NodeHome {
  refuseUnless(is.text, 'the home', dir);
  return findHomeWith(realFs, dir);
}

/** Every root of a home, one database after the other. */
export function rootsOfHome(home: Pick<NodeHome, 'databases'>): string[] {
  refuseUnless(is.home, 'home', home);
  return home.databases.flatMap((d) => d.roots);
}

/** The numbers of each database's roots in rootsOfHome(). */
export function groupsOfHome(home: Pick<NodeHome, 'databases'>): RootGroups {
  refuseUnless(is.home, 'home', home);
  let next = 0;
  return home.databases.map((d) => d.roots.map(() => next++));
}

/**
 * Reads databases of one home.
 * @throws RollbackError what readDatabase throws
 */
export function readHome(
  fs: DurableFs,
  databases: readonly HomeDatabase[],
  options: Omit<ReadOptions, 'groups'> = {},
): Database {
  return readDatabase(fs, rootsOfHome({ databases }), { ...options, groups: groupsOfHome({ databases }) });
}

/**
 * Reads the databases that a plan covers, in the plan's roots.
 * @throws RollbackError what readDatabase throws
 */
export function readPlanned(
  fs: DurableFs,
  { roots, databases }: Pick<RollbackPlan, 'roots' | 'databases'>,
): Database {
  return readDatabase(fs, roots, { groups: databases.map((d) => d.roots) });
}
