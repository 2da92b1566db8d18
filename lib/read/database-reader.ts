/** The read side for library users: tables, segments, and records in both directions. */

import type { RecordBatch } from '../../streams/record-batch.ts';
import { decodeRecord, isPrimaryKind, keyLengthAt, RECORD_OVERHEAD } from '../format/key-records.ts';
import { Callbacks } from '../input/callbacks.ts';
import { is, refuseBadGroups, refuseBadRoots } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';
import { checkedSchemas } from '../schemas/checked-schema.ts';
import { schemaOf } from '../schemas/known.ts';
import { refuseWithoutSchema } from '../schemas/require.ts';
import type { TableSchema } from '../schemas/types.ts';
import { readDatabase } from '../store/database.ts';
import { realFs } from '../store/durable-fs.ts';
import type { Database, RootGroups, Segment, Table } from '../store/types.ts';
import { tableUnknownError } from '../store/unknown-table.ts';
import { segmentBatches } from './batches.ts';
import { HeightFilter } from './height-filter.ts';

/** One record, copied out of its file. */
export interface RecordView {
  readonly segment: number;
  /** Number in its segment, from 0, oldest first. */
  readonly record: number;
  /** Byte offset in the segment's key file. */
  readonly offset: number;
  readonly kind: number;
  readonly isPrimary: boolean;
  readonly key: Buffer;
  readonly address: {
    readonly segment: number;
    readonly offset: number;
    readonly shard: number;
    readonly valueSize: number;
  };
}

/** How to read records. */
export interface RecordsOptions {
  /** Newest first; default false. */
  readonly reverse?: boolean | undefined;
  /** Bytes read at once; default 256 KiB. */
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Only groups whose primary is at this height or above. */
  readonly fromHeight?: bigint | number | undefined;
  /** Only groups whose primary is at this height or below. */
  readonly toHeight?: bigint | number | undefined;
  /** Schemas by table, for tables whose names do not decide theirs. */
  readonly schemas?: Readonly<Record<string, TableSchema>> | undefined;
  /**
   * Called while reading with the number of groups that a limit on heights left out because their keys do not
   * fit.
   */
  readonly onMisfits?: ((groups: number) => void) | undefined;
}

const RECORDS_CHECKS: OptionChecks<RecordsOptions> = {
  reverse: is.boolean,
  blockBytes: is.size,
  signal: is.signal,
  fromHeight: is.height,
  toHeight: is.height,
  schemas: is.schemas,
  onMisfits: is.function,
};

/** A database, opened for reading. It takes no locks: beside a running node its results are approximate. */
export class DatabaseReader {
  readonly roots: readonly string[];
  readonly tables: readonly Table[];
  readonly notTables: readonly string[];

  constructor(database: Database) {
    this.roots = database.roots;
    this.tables = database.tables;
    this.notTables = database.notTables;
  }

  /** @throws RollbackError ERR_TABLE_UNKNOWN */
  table(name: string): Table {
    const table = this.tables.find((t) => t.name === name);
    if (table !== undefined) return table;
    throw tableUnknownError(
      [name],
      this.tables.map((t) => t.name),
    );
  }

  /**
   * The records of a table. Those that sealing would drop are left out. One block of one key file is in memory
   * at a time.
   * @throws RollbackError ERR_USAGE, ERR_TABLE_UNKNOWN, ERR_SCHEMA_UNKNOWN (heights of keys without a schema),
   * ERR_SCHEMA_FAILED, ERR_CALLBACK_FAILED, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
   */
  async *records(name: string, options: RecordsOptions = {}): AsyncGenerator<RecordView, void, void> {
    for await (const run of this.recordRuns(name, options)) yield* run;
  }

  /** The same records in runs, which is faster: an await for each record costs more than reading it. */
  async *recordRuns(
    name: string,
    options: RecordsOptions = {},
  ): AsyncGenerator<readonly RecordView[], void, void> {
    refuseBadOptions('records', options, RECORDS_CHECKS);
    const table = this.table(name);
    const filter = heightFilter(table, options);
    const newestFirst = options.reverse === true;
    const order = newestFirst ? [...table.segments].reverse() : table.segments;
    const callbacks = new Callbacks();
    const onMisfits = callbacks.guard('onMisfits', options.onMisfits);
    for (const segment of order) yield* runsOf(segment, filter, newestFirst, { ...options, onMisfits });
    await callbacks.ended();
    callbacks.throwIfFailed();
  }
}

function heightFilter(table: Table, options: RecordsOptions): HeightFilter | null {
  const { fromHeight, toHeight } = options;
  if (fromHeight === undefined && toHeight === undefined) return null;
  const schemas = checkedSchemas(options.schemas);
  refuseWithoutSchema([table], schemas);
  const schema = schemaOf(table.name, schemas);
  return schema === null
    ? null
    : new HeightFilter(schema, { from: limitOf(fromHeight), to: limitOf(toHeight) });
}

const limitOf = (height: bigint | number | undefined): bigint | null =>
  height === undefined ? null : BigInt(height);

async function* runsOf(
  segment: Segment,
  filter: HeightFilter | null,
  newestFirst: boolean,
  options: RecordsOptions,
): AsyncGenerator<readonly RecordView[], void, void> {
  const { blockBytes, signal } = options;
  for await (const batch of segmentBatches(segment, {
    fs: realFs,
    blockBytes,
    signal,
    newestFirst,
    filter,
  })) {
    // The batch's buffer is reused, so its records are copied out before the first one is handed on.
    const views = viewsOf(batch, filter?.wanted);
    if (newestFirst) views.reverse();
    if (views.length > 0) yield views;
  }
  if (filter !== null && filter.misfits > 0) options.onMisfits?.(filter.misfits);
}

function viewsOf(batch: RecordBatch, wanted?: Uint8Array): RecordView[] {
  const views: RecordView[] = [];
  let record = batch.firstRecord;
  let at = 0;
  for (let i = 0; i < batch.count; i++) {
    const offset = batch.offsets[i] as number;
    // Dropped records lie between the served ones, and are numbered too.
    for (; at < offset; at += RECORD_OVERHEAD + keyLengthAt(batch.buffer, at)) record++;
    if (wanted?.[i] === 0) continue;
    const decoded = decodeRecord(batch.buffer, offset);
    if (decoded === null) break;
    const { kind, key, ...address } = decoded.record;
    const segment = batch.at.segment.index;
    views.push({
      segment,
      record,
      offset: batch.base + offset,
      kind,
      isPrimary: isPrimaryKind(kind),
      key,
      address,
    });
  }
  return views;
}

/**
 * Opens the database in the given roots for reading.
 * @param options.groups which roots belong together, if the roots hold several databases; groupsOfHome() gives
 * it
 * @throws RollbackError ERR_USAGE, what readDatabase throws
 */
export async function openDatabase(
  roots: readonly string[],
  options: { readonly groups?: RootGroups | undefined } = {},
): Promise<DatabaseReader> {
  refuseBadRoots(roots);
  refuseBadOptions('openDatabase', options, { groups: is.groups });
  refuseBadGroups(options.groups, roots.length);
  return new DatabaseReader(readDatabase(realFs, roots, options));
}
