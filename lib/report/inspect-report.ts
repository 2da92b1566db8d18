/** The result of `inspect`, as plain data made from a database and its locks. */
import type { RollbackError } from '../errors.ts';
import type { HeightEnds } from '../read/height-ends.ts';
import type { SegmentHeights } from '../read/height-list.ts';
import type { StatusReport } from '../recover/status.ts';
import type { NodeHome } from '../store/home.ts';
import type { Database, FileInfo, Segment, Table } from '../store/types.ts';

/** Who holds the lock of one root. */
export interface LockReport {
  /** `shut`: locked by an unfinished rollback. */
  readonly state: 'free' | 'held' | 'elsewhere' | 'stale' | 'shut' | 'unreadable';
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
  /** From the metadata; null while the segment is unsealed. */
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
  /** The heights of its keys; null when no schema is known. */
  readonly heights: HeightsReport | null;
}

/** Heights of one table. */
export interface HeightsReport {
  /** Name of the schema that reads them. */
  readonly schema: string;
  /** At the two ends of the table. */
  readonly ends: HeightEnds;
  /** Segment by segment; null when the caller did not ask for it. */
  readonly segments: readonly SegmentHeights[] | null;
}

/** A table that cannot be read, and why. */
export interface DamagedTable {
  readonly table: string;
  readonly code: string;
  readonly message: string;
}

/** A whole database. */
export interface InspectReport {
  /** With the name of its database, if the roots belong to a node's home. */
  readonly roots: readonly {
    readonly path: string;
    readonly database: string | null;
    readonly lock: LockReport;
  }[];
  /** Remarks on the home that the user must know; empty for plain roots. */
  readonly homeNotices: readonly string[];
  /** Rollbacks that are unfinished, or can be undone; null when their traces cannot be understood. */
  readonly status: Omit<StatusReport, 'roots'> | null;
  readonly tables: readonly TableReport[];
  readonly damaged: readonly DamagedTable[];
  readonly notTables: readonly string[];
}

/** Input besides the database's files. */
export interface InspectFindings {
  /** The home that the roots come from. */
  readonly home?: NodeHome | undefined;
  /** In the order of the roots. */
  readonly locks: readonly LockReport[];
  readonly status: StatusReport | null;
  readonly damaged: ReadonlyMap<string, RollbackError>;
  /** By table; no entry for tables without a known schema. */
  readonly heights: ReadonlyMap<string, HeightsReport>;
}

/** Builds the report. */
export function inspectReport(database: Database, findings: InspectFindings): InspectReport {
  const { locks, status, damaged, heights, home } = findings;
  return {
    roots: database.roots.map((path, i) => {
      const group = database.groups.findIndex((g) => g.includes(i));
      return { path, database: home?.databases[group]?.name ?? null, lock: locks[i]! };
    }),
    homeNotices: home?.notices ?? [],
    status: status === null ? null : withoutRoots(status),
    tables: database.tables.map((table) => tableReport(table, heights.get(table.name) ?? null)),
    damaged: [...damaged].map(([table, { code, message }]) => ({ table, code, message })),
    notTables: database.notTables,
  };
}

function withoutRoots({ roots: _roots, ...status }: StatusReport): Omit<StatusReport, 'roots'> {
  return status;
}

function tableReport(table: Table, heights: HeightsReport | null): TableReport {
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
    heights,
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
