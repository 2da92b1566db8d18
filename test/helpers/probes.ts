/** Looks into streams and into what they do to files. */
import { Readable } from 'node:stream';
import { readDatabase } from '../../lib/store/database.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import type { Table } from '../../lib/store/types.ts';
import { BatchGate, keyOf, type RecordBatch } from '../../streams/record-batch.ts';
import { type ReverseOptions, reverseRecords } from '../../streams/reverse-records.ts';
import { segmentSource } from '../../streams/segment-source.ts';
import { modelRecords, type ReadRecord } from './expectations.ts';
import {
  type BuiltDatabase,
  buildDatabase,
  type DatabaseSpec,
  type SegmentSpec,
  type TableSpec,
} from './table-builder.ts';
import { tempDir } from './temp.ts';

/** A file system that remembers which files were opened, which still are, and how often it read. */
export interface WatchedFs extends DurableFs {
  /** Base names of key files, in the order in which they were opened. */
  readonly opened: string[];
  readonly stillOpen: Set<number>;
  /** Largest number of files that were open at once. */
  mostOpen: number;
  reads: number;
}

/** The real file system, watched. */
export function watchedFs(): WatchedFs {
  const opened: string[] = [];
  const stillOpen = new Set<number>();
  const fs: WatchedFs = {
    ...realFs,
    opened,
    stillOpen,
    mostOpen: 0,
    reads: 0,
    open(path, flags, mode) {
      const fd = realFs.open(path, flags, mode);
      opened.push(path.slice(path.lastIndexOf('/') + 1));
      stillOpen.add(fd);
      fs.mostOpen = Math.max(fs.mostOpen, stillOpen.size);
      return fd;
    },
    readAt(fd, buffer, position) {
      fs.reads += 1;
      return realFs.readAt(fd, buffer, position);
    },
    close(fd) {
      stillOpen.delete(fd);
      realFs.close(fd);
    },
  };
  return fs;
}

/** A database of one table `t`, on disk and as the program reads it. */
export interface OneTable {
  readonly built: BuiltDatabase;
  readonly table: Table;
  /** What the model says is in it, newest first. */
  readonly records: readonly ReadRecord[];
}

/** A sealed segment of standalone records with short keys, or what else is asked for. */
export function plainSegment(groups: number, changes: Partial<SegmentSpec> = {}): SegmentSpec {
  return {
    version: 4,
    shards: 2,
    compression: 0,
    rootOrder: 0,
    groups: Array.from({ length: groups }, (_, i) => ({ shard: i, size: 10, secondaries: 0, pad: 4 })),
    ...changes,
  };
}

/** Builds one table `t` in one root. */
export function oneTable(segments: readonly SegmentSpec[], changes: Partial<TableSpec> = {}): OneTable {
  const table = { name: 't', first: 0, segments, tail: null, keymap: true, watermark: null, ...changes };
  return readBack({ seed: 1, roots: 1, tables: [table] });
}

/** Builds a database and reads its first table with the program's own reader. */
export function readBack(spec: DatabaseSpec): OneTable {
  const built = buildDatabase(spec, tempDir());
  const [table] = readDatabase(realFs, built.roots).tables;
  if (table === undefined) throw new Error('the database has no table');
  return { built, table, records: modelRecords(built.image, table.name) };
}

/** What is left of a batch once its buffer is used again. */
export interface SeenBatch {
  readonly segment: number;
  readonly keys: readonly string[];
  readonly match: number;
}

/** Copies what matters of a batch, newest record first. */
export function seen(batch: RecordBatch): SeenBatch {
  const keys = Array.from({ length: batch.count }, (_, i) => keyOf(batch, i).toString('hex')).reverse();
  return { segment: batch.at.segment.index, keys, match: batch.match };
}

/** The stages that read. */
export interface ReadingStages {
  readonly BatchGate: typeof BatchGate;
  readonly segmentSource: typeof segmentSource;
  readonly reverseRecords: typeof reverseRecords;
}

/**
 * Runs the reader alone over a table and calls `judge` for every batch; the next batch is let through when the
 * promise that it returns is kept. Resolves to the batches.
 */
export async function readBatches(
  table: Table,
  options: Omit<ReverseOptions, 'walk'>,
  judge: (batch: RecordBatch, walk: BatchGate) => Promise<void> | void = () => undefined,
  stages: ReadingStages = { BatchGate, segmentSource, reverseRecords },
): Promise<SeenBatch[]> {
  const walk = new stages.BatchGate();
  const batches: SeenBatch[] = [];
  const reader = stages.segmentSource(table.segments, walk).pipe(stages.reverseRecords({ ...options, walk }));
  for await (const chunk of reader as unknown as AsyncIterable<RecordBatch>) {
    batches.push(seen(chunk));
    await judge(chunk, walk);
    // No stage reads the batch any more, not even the reader.
    chunk.buffer.fill(0xff);
    walk.release();
  }
  return batches;
}

/** Everything that a stage makes of the given chunks. */
export async function through<Out>(
  stage: NodeJS.ReadWriteStream,
  chunks: readonly unknown[],
): Promise<Out[]> {
  const out: Out[] = [];
  const source = Readable.from(chunks, { objectMode: true });
  source.on('error', () => undefined);
  for await (const chunk of source.pipe(stage) as unknown as AsyncIterable<Out>) out.push(chunk);
  return out;
}
