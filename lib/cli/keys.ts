/** `keys`: lists records, newest first, so that a target can be chosen. */
import { keyText, kindName } from '../report/record-text.ts';
import { type DatabaseReader, openDatabase, type RecordView } from '../rollback/database-reader.ts';
import type { Context } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { rootsOf, type SourceOptions } from './source-options.ts';

/** The options of this command. */
export interface KeysCommandOptions extends SourceOptions {
  readonly table?: readonly string[];
  readonly limit?: number;
  readonly oldestFirst?: true;
}

/** Text that is handed over at once. */
const CHUNK = 64 * 1024;

/** Runs the command; the result is its exit code. */
export async function run(options: KeysCommandOptions, context: Context): Promise<number> {
  const reader = await openDatabase(rootsOf(options));
  const tables = chosenTables(reader, options.table);
  for (const table of tables) {
    if (!context.json) {
      const heading = tables.length > 1 ? `${table}\n` : '';
      await context.out.write(`${heading}${HEADINGS}\n`);
    }
    await listTable(reader, table, options, context);
    if (context.out.closed) break;
  }
  return EXIT_DONE;
}

function chosenTables(reader: DatabaseReader, wanted: readonly string[] | undefined): string[] {
  if (wanted === undefined) return reader.tables.map((table) => table.name);
  return [...new Set(wanted)].map((name) => reader.table(name).name);
}

async function listTable(
  reader: DatabaseReader,
  table: string,
  options: KeysCommandOptions,
  context: Context,
): Promise<void> {
  const { out, signals } = context;
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const render = context.json ? recordJson : recordLine;
  let listed = 0;
  let chunk = '';
  if (limit === 0) return;
  for await (const record of reader.records(table, {
    reverse: !options.oldestFirst,
    signal: signals.signal,
  })) {
    chunk += `${render(table, record)}\n`;
    listed += 1;
    if (chunk.length >= CHUNK) {
      if (!(await out.write(chunk))) return;
      chunk = '';
    }
    if (listed >= limit) break;
  }
  await out.write(chunk);
}

const HEADINGS = 'segment     record  kind            shard      offset        size  key';

function recordLine(_table: string, r: RecordView): string {
  const position = `${String(r.segment).padStart(7)} ${String(r.record).padStart(10)}`;
  const { shard, offset, valueSize } = r.address;
  const value = `${String(shard).padStart(5)} ${String(offset).padStart(11)} ${String(valueSize).padStart(11)}`;
  return `${position}  ${kindName(r.kind).padEnd(15)} ${value}  ${keyText(r.key)}`;
}

function recordJson(table: string, r: RecordView): string {
  return JSON.stringify({
    message_type: 'key',
    version: 1,
    table,
    segment: r.segment,
    record: r.record,
    kind: kindName(r.kind),
    primary: r.isPrimary,
    key: r.key.toString('hex'),
    address: r.address,
  });
}
