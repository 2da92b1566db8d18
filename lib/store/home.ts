/**
 * A node's home: which databases it has, and where. The block store lies in `data/ledger/block`; the receipt store
 * in `data/receipt.db`, or, where that directory does not exist, in `data/ledger/receipt/littidx`. The receipt
 * store's LittDB is its directory `littdb`; beside it may lie `log-index`, an index of another engine.
 */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import type { DurableFs } from './durable-fs.ts';

/** One database of a node. */
export interface HomeDatabase {
  /** `block store` or `receipt store`. */
  readonly name: string;
  /** Absolute, one for each root. */
  readonly roots: readonly string[];
}

/** What was found in a home. */
export interface NodeHome {
  readonly dir: string;
  readonly databases: readonly HomeDatabase[];
  /** What a person must know: stores that are not there, and what cannot be rewound here. */
  readonly notices: readonly string[];
}

const BLOCKS = 'data/ledger/block';
const RECEIPTS = ['data/receipt.db', 'data/ledger/receipt/littidx'] as const;
const LITTDB = 'littdb';
const LOG_INDEX = 'log-index';

/**
 * Finds the databases of the node whose home is `dir`. Reads directories only.
 * @throws RollbackError ERR_ROOT_NOT_FOUND, ERR_HOME_WITHOUT_DATABASE, ERR_IO
 */
export function findHomeWith(fs: DurableFs, dir: string): NodeHome {
  if (!isDirectory(fs, dir)) {
    throw new RollbackError(
      'ERR_ROOT_NOT_FOUND',
      {
        what: 'The home does not exist, or is no directory',
        next: 'Check the spelling, and that its disk is mounted',
      },
      { path: dir },
    );
  }
  const databases: HomeDatabase[] = [];
  const notices: string[] = [];
  const blocks = join(dir, BLOCKS);
  if (isDirectory(fs, blocks)) databases.push({ name: 'block store', roots: [blocks] });
  else notices.push(`this home has no block store: there is no ${BLOCKS}`);
  findReceipts(fs, dir, databases, notices);
  if (databases.length > 0) return { dir, databases, notices };
  throw new RollbackError(
    'ERR_HOME_WITHOUT_DATABASE',
    {
      what: `This is no home of a node with LittDB databases: ${notices.join('; ')}`,
      why: 'Working on something else could look like success',
      next: 'Pass the directory that the node was started with as its home, or the roots themselves with --src',
    },
    { path: dir },
  );
}

function findReceipts(fs: DurableFs, dir: string, databases: HomeDatabase[], notices: string[]): void {
  const place = RECEIPTS.find((p) => isDirectory(fs, join(dir, p)));
  if (place === undefined) {
    notices.push(`this home has no receipt store: there is neither ${RECEIPTS.join(' nor ')}`);
    return;
  }
  const root = join(dir, place, LITTDB);
  if (isDirectory(fs, root)) databases.push({ name: 'receipt store', roots: [root] });
  else notices.push(`the receipt store in ${place} is none of LittDB: it has no ${LITTDB}`);
  if (!isDirectory(fs, join(dir, place, LOG_INDEX))) return;
  notices.push(
    `${place}/${LOG_INDEX} is an index of another engine, which this program cannot rewind: it keeps the heights ` +
      'that are removed here. Take it back with the means of the node, or have the node build it anew, before it starts',
  );
}

/** Links are followed: a node may have its data on another disk. */
function isDirectory(fs: DurableFs, path: string): boolean {
  try {
    return fs.lstat(fs.realpath(path)).kind === 'directory';
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw ioError(error, path, 'look for a database');
  }
}
