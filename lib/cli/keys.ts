/** `keys`: lists records, newest first, to help choose a target. */
import { RollbackError } from '../errors.ts';
import {
  type DatabaseReader,
  openDatabase,
  type RecordsOptions,
  type RecordView,
} from '../read/database-reader.ts';
import { allColumns, type RecordColumns, terminalColumns } from '../report/record-list.ts';
import { kindName } from '../report/record-text.ts';
import { plural } from '../report/text.ts';
import { checkedSchemas } from '../schemas/checked-schema.ts';
import { schemaOf } from '../schemas/known.ts';
import { refuseWithoutSchema } from '../schemas/require.ts';
import type { DecodedKey, TableSchema } from '../schemas/types.ts';
import { callUserCode } from '../user-code.ts';
import type { Context } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { readSchemas } from './schemas.ts';
import { type SourceOptions, sourceOf } from './source.ts';

/** The options of this command. */
export interface KeysCommandOptions extends SourceOptions {
  readonly table?: readonly string[];
  readonly schema?: readonly string[];
  readonly height?: bigint;
  readonly fromHeight?: bigint | undefined;
  readonly toHeight?: bigint | undefined;
  readonly limit?: number | 'all';
  readonly oldestFirst?: true;
}

/** Records whose text is made in one call of a user's schema. */
const PIECE = 256;

/** Text that is written at once. */
const CHUNK = 64 * 1024;

/** Bytes of a key file that are read at once: objects made from a larger block would outlive it for long. */
const BLOCK_BYTES = 64 * 1024;

/** Records shown of each table on a terminal when the user gives no number. */
const SHOWN_ON_TERMINAL = 100;

/** Runs the command; the result is its exit code. */
export async function run(given: KeysCommandOptions, context: Context): Promise<number> {
  const options = { ...given, ...rangeOf(given) };
  const { fromHeight, toHeight } = options;
  const schemas = checkedSchemas(await readSchemas(options.schema ?? []));
  const { roots, groups } = sourceOf(options);
  const reader = await openDatabase(roots, { groups });
  const tables = chosenTables(reader, options.table);
  for (const name of Object.keys(schemas ?? {})) reader.table(name);
  if (fromHeight !== undefined || toHeight !== undefined) {
    const chosen = tables.map((name) => reader.table(name));
    refuseWithoutSchema(chosen, schemas);
  }
  for (const table of tables) {
    const schema = schemaOf(table, schemas);
    if (!context.json) {
      const heading = tables.length > 1 ? `${table}\n` : '';
      await context.out.write(`${heading}${columnsOf(schema, context).headings}\n`);
    }
    await listTable(reader, table, schema, { ...options, schemas }, context);
    if (context.out.closed) break;
  }
  return EXIT_DONE;
}

type Range = Pick<KeysCommandOptions, 'fromHeight' | 'toHeight'>;

/** @throws RollbackError ERR_USAGE for an empty range, and for two ranges */
function rangeOf({ height, fromHeight: from, toHeight: to }: KeysCommandOptions): Range {
  if (height !== undefined) {
    if (from === undefined && to === undefined) return { fromHeight: height, toHeight: height };
    throw new RollbackError('ERR_USAGE', {
      what: '--height and a range of heights were given together',
      next: 'Give either --height N, or --from-height and --to-height',
    });
  }
  if (from === undefined || to === undefined || from <= to) return { fromHeight: from, toHeight: to };
  throw new RollbackError('ERR_USAGE', {
    what: `No height is both at least ${from} and at most ${to}`,
    next: 'Give --from-height the lower one of the two, and --to-height the higher one',
  });
}

/** How many records are shown of a table, and whether that number is a default. */
function limitOf({ limit }: KeysCommandOptions, context: Context): { limit: number; isDefault: boolean } {
  if (typeof limit === 'number') return { limit, isDefault: false };
  if (limit === undefined && context.terminal) return { limit: SHOWN_ON_TERMINAL, isDefault: true };
  return { limit: Number.POSITIVE_INFINITY, isDefault: false };
}

function chosenTables(reader: DatabaseReader, wanted: readonly string[] | undefined): string[] {
  if (wanted === undefined) return reader.tables.map((table) => table.name);
  return [...new Set(wanted)].map((name) => reader.table(name).name);
}

async function listTable(
  reader: DatabaseReader,
  table: string,
  schema: TableSchema | null,
  options: KeysCommandOptions & Pick<RecordsOptions, 'schemas'>,
  context: Context,
): Promise<void> {
  const { out, signals } = context;
  const { limit, isDefault } = limitOf(options, context);
  const columns = columnsOf(schema, context);
  const render = (record: RecordView): string =>
    context.json ? recordJson(table, record, schema) : columns.line(record, labelOf(record, schema));
  const write = (text: string): Promise<boolean> => (context.json ? out.data(text) : out.write(text));
  const { fromHeight, toHeight, schemas } = options;
  let misfits = 0;
  let isEmpty = true;
  let isCut = false;
  let left = limit;
  let chunk = '';
  if (limit === 0) return;
  for await (const records of reader.recordRuns(table, {
    blockBytes: BLOCK_BYTES,
    reverse: !options.oldestFirst,
    signal: signals.signal,
    fromHeight,
    toHeight,
    schemas,
    onMisfits: (groups) => (misfits = groups),
  })) {
    const shown = records.slice(0, left);
    for (let i = 0; i < shown.length; i += PIECE) {
      const piece = shown.slice(i, i + PIECE);
      chunk += callUserCode(() => piece.map((record) => `${render(record)}\n`).join(''));
      if (chunk.length < CHUNK) continue;
      if (!(await write(chunk))) return;
      chunk = '';
    }
    if (records.length > 0) isEmpty = false;
    isCut = records.length > left;
    left -= Math.min(left, records.length);
    // Whether there are more matters only if the default limit cut the list.
    if (left === 0 && (isCut || !isDefault)) break;
    if (left > 0) continue;
    await write(chunk);
    chunk = '';
  }
  await write(chunk);
  const which = options.oldestFirst ? 'oldest' : 'newest';
  const cut = `these are the ${which} ${limit} records of table ${table}; --limit all shows all of them`;
  const range = fromHeight === undefined && toHeight === undefined ? '' : ' of these heights';
  const odd = `${plural(misfits, 'group')} of table ${table} left out: the keys do not fit the schema ${schema?.name}`;
  if (isDefault && isCut) await context.note(cut);
  if (columns.isShortened)
    await context.note('keys are shortened to fit; --verbose and --json show them whole');
  if (isEmpty) await context.note(`table ${table} holds no record${range}`);
  if (misfits > 0 && schema !== null) await context.note(odd);
}

/** On a narrow terminal as many columns as fit; a file gets all of them. */
function columnsOf(schema: TableSchema | null, { terminal, verbose, width }: Context): RecordColumns {
  const hasMeaning = schema !== null;
  return terminal && !verbose ? terminalColumns(hasMeaning, width) : allColumns(hasMeaning);
}

/** The meaning of a key: `?` for one that does not fit the schema, null without a schema. */
function labelOf(record: RecordView, schema: TableSchema | null): string | null {
  const decoded = schema?.decode(record.key, record.isPrimary);
  return decoded === undefined ? null : (decoded?.label ?? '?');
}

function recordJson(table: string, r: RecordView, schema: TableSchema | null): string {
  const decoded = schema?.decode(r.key, r.isPrimary);
  return JSON.stringify({
    message_type: 'key',
    version: 1,
    table,
    segment: r.segment,
    record: r.record,
    kind: kindName(r.kind),
    primary: r.isPrimary,
    key: r.key.toString('hex'),
    ...(decoded !== undefined && { decoded: decodedJson(decoded) }),
    address: r.address,
  });
}

/** Null for a key that does not fit; a height is text, because JSON numbers lose precision. */
function decodedJson(decoded: DecodedKey | null): Record<string, string | null> | null {
  if (decoded === null) return null;
  const { height, kind, label } = decoded;
  return { height: height === null ? null : String(height), kind, label };
}
