/** Verifies the log-index beside the receipts: read strictly, and compared with them. */
import { join } from 'node:path';
import { ioError } from '../errors.ts';
import { listLogIndex } from '../logindex/files.ts';
import { readLogIndex } from '../logindex/read.ts';
import { parseName } from '../pebble/names.ts';
import { type PebbleCode, PebbleRefusal } from '../pebble/refusal.ts';
import { schemaOf } from '../schemas/known.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { Table } from '../store/types.ts';
import { heightEnds } from './height-ends.ts';

/** What was found of a log-index. */
export interface LogIndexReport {
  readonly dir: string;
  /** Heights as the node believes them, decimal; `0` for none, null where they could not be read. */
  readonly newest: string | null;
  readonly oldest: string | null;
  readonly findings: readonly { readonly path: string; readonly problem: string }[];
  /** Differences that damage does not explain. */
  readonly notices: readonly string[];
}

/** Refusals that tell of another kind of store, which may be whole. */
const OF_ANOTHER_KIND: ReadonlySet<PebbleCode> = new Set(['unknown-file', 'format', 'options']);

/**
 * Reads a log-index.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function verifyLogIndex(
  fs: DurableFs,
  given: string,
  tables: readonly Table[],
  signal: AbortSignal | undefined,
): Promise<LogIndexReport> {
  const dir = realPath(fs, given);
  const report = { dir, newest: null, oldest: null, findings: [], notices: [] };
  if (!listLogIndex(fs, dir).some(({ name }) => parseName(name) !== null))
    return { ...report, notices: ['it holds no file that Pebble writes'] };
  try {
    const { newest, oldest } = await readLogIndex(fs, dir, signal);
    const notices = await notFitting(fs, tables, newest);
    return { ...report, newest: `${newest}`, oldest: `${oldest}`, notices };
  } catch (error) {
    if (!(error instanceof PebbleRefusal)) throw error;
    const { code, found, file } = error;
    if (OF_ANOTHER_KIND.has(code)) return { ...report, notices: [`it was not checked: ${error.message}`] };
    return { ...report, findings: [{ path: file === null ? dir : join(dir, file), problem: found }] };
  }
}

function realPath(fs: DurableFs, path: string): string {
  try {
    return fs.realpath(path);
  } catch (error) {
    throw ioError(error, path, 'look for the log-index');
  }
}

/** Differences from the receipts. Blocks without receipts leave some, and so does a node that was killed. */
async function notFitting(fs: DurableFs, tables: readonly Table[], newest: bigint): Promise<string[]> {
  for (const table of tables) {
    const schema = schemaOf(table.name, undefined);
    if (schema?.name !== 'receipts') continue;
    const last = (await heightEnds(fs, table, schema)).newest?.height;
    if (last === undefined || BigInt(last) === newest) return [];
    const ends = `the receipts end at height ${last}, the log-index at ${newest}`;
    return BigInt(last) > newest
      ? [`${ends}: logs of the blocks above are not found (the node was killed)`]
      : [`${ends}: blocks without receipts, or a rollback that left the log-index as it was`];
  }
  return [];
}
