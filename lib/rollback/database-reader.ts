/** The read side for library users: tables, segments, and records in both directions. */

import { keyLengthAt, type RecordBatch } from '../../streams/record-batch.ts';
import { reverseBatches, surveySegment } from '../../streams/reverse-records.ts';
import { RollbackError } from '../errors.ts';
import { decodeRecord, isPrimaryKind, RECORD_OVERHEAD } from '../format/key-records.ts';
import { readDatabase } from '../store/database.ts';
import { realFs } from '../store/durable-fs.ts';
import type { Database, Segment, Table } from '../store/types.ts';

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
}

/** A database, opened for reading. It takes no locks: beside a running node what it reads is approximate. */
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
    throw new RollbackError('ERR_TABLE_UNKNOWN', {
      what: `There is no table ${name} in this database`,
      why: `It has: ${this.tables.map((t) => t.name).join(', ') || 'none'}`,
      next: 'Correct the name, or check that these are the right roots',
    });
  }

  /**
   * The records of a table. Those that sealing would drop are left out. One block of one key file is in
   * memory at a time.
   * @throws RollbackError ERR_TABLE_UNKNOWN, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
   */
  async *records(name: string, options: RecordsOptions = {}): AsyncGenerator<RecordView, void, void> {
    const { segments } = this.table(name);
    const order = options.reverse === true ? [...segments].reverse() : segments;
    for (const segment of order) yield* recordsOf(segment, options);
  }
}

async function* recordsOf(segment: Segment, options: RecordsOptions): AsyncGenerator<RecordView, void, void> {
  const reading = { fs: realFs, blockBytes: options.blockBytes, signal: options.signal };
  const survey = await surveySegment(segment, reading);
  const direction = options.reverse === true ? 'newest-first' : 'oldest-first';
  for await (const batch of reverseBatches({ segment, survey }, { ...reading, direction })) {
    // The batch's buffer is used again, so its records are copied out before the first one is handed on.
    const views = viewsOf(batch);
    if (options.reverse === true) views.reverse();
    yield* views;
  }
}

function viewsOf(batch: RecordBatch): RecordView[] {
  const views: RecordView[] = [];
  let record = batch.firstRecord;
  let at = 0;
  for (let i = 0; i < batch.count; i++) {
    const offset = batch.offsets[i] as number;
    // Records that sealing drops lie between those that count, and are numbered too.
    for (; at < offset; at += RECORD_OVERHEAD + keyLengthAt(batch.buffer, at)) record++;
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
 * @throws RollbackError what readDatabase throws
 */
export async function openDatabase(roots: readonly string[]): Promise<DatabaseReader> {
  return new DatabaseReader(readDatabase(realFs, roots));
}
