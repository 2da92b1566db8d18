/** What `inspect` tells, as plain data made from a database and its locks. */
import type { Database, FileInfo, Segment, Table } from '../store/types.ts';

/** Who holds the lock of one root. */
export interface LockReport {
  readonly state: 'free' | 'held' | 'stale' | 'unreadable';
  readonly pid: number | null;
  readonly since: string | null;
  readonly text: string | null;
}

/** One segment. */
export interface SegmentReport {
  readonly segment: number;
  readonly version: number;
  readonly shards: number;
  readonly compression: number;
  readonly sealed: boolean;
  /** As the metadata says; null while the segment is unsealed. */
  readonly records: number | null;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Nanoseconds since 1970, decimal; null while the segment is unsealed. */
  readonly sealedAt: string | null;
}

/** One table. */
export interface TableReport {
  readonly table: string;
  /** Numbers of the roots that have no directory of this table. */
  readonly absentIn: readonly number[];
  readonly segments: readonly SegmentReport[];
  /** Records of the sealed segments. */
  readonly records: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly watermark: number | null;
  readonly keymaps: readonly {
    readonly root: number;
    readonly type: string | null;
    readonly complete: boolean;
  }[];
  readonly snapshots: readonly { readonly root: number; readonly files: number }[];
  readonly orphans: readonly {
    readonly segment: number;
    readonly end: 'lowest' | 'highest';
    readonly files: readonly string[];
    readonly bytes: number;
    readonly missing: readonly string[];
  }[];
  readonly leftovers: readonly string[];
}

/** A whole database. */
export interface InspectReport {
  readonly roots: readonly { readonly path: string; readonly lock: LockReport }[];
  readonly tables: readonly TableReport[];
  readonly notTables: readonly string[];
}

/** Builds the report; `locks` in the order of the roots. */
export function inspectReport(database: Database, locks: readonly LockReport[]): InspectReport {
  return {
    roots: database.roots.map((path, i) => ({ path, lock: locks[i]! })),
    tables: database.tables.map(tableReport),
    notTables: database.notTables,
  };
}

function tableReport(table: Table): TableReport {
  const segments = table.segments.map(segmentReport);
  return {
    table: table.name,
    absentIn: table.absentIn,
    segments,
    records: total(segments.map((s) => s.records ?? 0)),
    keyBytes: total(segments.map((s) => s.keyBytes)),
    valueBytes: total(segments.map((s) => s.valueBytes)),
    watermark: table.watermark,
    keymaps: table.keymaps.map(({ root, type, complete }) => ({ root, type, complete })),
    snapshots: table.snapshots.map(({ root, files }) => ({ root, files: files.length })),
    orphans: table.orphans.map(({ index, end, files, missing }) => ({
      segment: index,
      end,
      files: files.map(baseName),
      bytes: sizes(files),
      missing,
    })),
    leftovers: table.leftovers.map((file) => file.path),
  };
}

function segmentReport({ index, metadata, keys, values }: Segment): SegmentReport {
  return {
    segment: index,
    version: metadata.version,
    shards: metadata.shardingFactor,
    compression: metadata.compression,
    sealed: metadata.sealed,
    records: metadata.sealed ? metadata.keyCount : null,
    keyBytes: keys.size,
    valueBytes: sizes(values),
    sealedAt: metadata.sealed ? String(metadata.lastValueTimestamp) : null,
  };
}

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const sizes = (files: readonly FileInfo[]): number => total(files.map((f) => f.size));

const baseName = (file: FileInfo): string => file.rel.split('/').at(-1)!;
