/** A database as it lies on disk, read-only: plain data assembled by lib/store/database.ts. */
import type { SegmentMetadata } from '../format/metadata.ts';

/** One regular file, as lstat saw it. */
export interface FileInfo {
  /** Number of the root it lies in. */
  readonly root: number;
  /** Absolute, through the root's real path. */
  readonly path: string;
  /** Relative to its root, with `/`. */
  readonly rel: string;
  readonly size: number;
  /** Nanoseconds since 1970, decimal. */
  readonly mtimeNs: string;
  readonly ino: string;
  readonly nlink: number;
}

/** A complete segment: metadata, keys, and one value file for every shard. */
export interface Segment {
  readonly index: number;
  readonly metadata: SegmentMetadata;
  readonly metadataFile: FileInfo;
  readonly keys: FileInfo;
  /** By shard number. */
  readonly values: readonly FileInfo[];
}

/** An incomplete segment at an end of the chain; the engine deletes it at its next start. */
export interface Orphan {
  readonly index: number;
  readonly end: 'lowest' | 'highest';
  readonly metadata: SegmentMetadata | null;
  readonly files: readonly FileInfo[];
  /** Names of the files it lacks, e.g. `7.metadata`. */
  readonly missing: readonly string[];
  /** Files beside it whose names say that they are to become a missing one: a copy that was not finished. */
  readonly unfinished?: readonly string[] | undefined;
}

/** A keymap directory of a table in one root. */
export interface KeymapInfo {
  readonly root: number;
  readonly path: string;
  readonly rel: string;
  /** Content of keymap-type.txt; null when there is none. */
  readonly type: string | null;
  /** Whether the engine would use it unchanged: `initialized` and `data/` exist. */
  readonly complete: boolean;
}

/** A table's `snapshot/` directory in one root, and the hard links in it. */
export interface SnapshotInfo {
  readonly root: number;
  readonly path: string;
  readonly rel: string;
  readonly files: readonly FileInfo[];
}

/** One table over all roots. */
export interface Table {
  readonly name: string;
  /** Complete segments, oldest first, without gaps. */
  readonly segments: readonly Segment[];
  readonly orphans: readonly Orphan[];
  readonly watermarkFiles: readonly FileInfo[];
  /** The highest watermark of any root; null without one. */
  readonly watermark: number | null;
  readonly keymaps: readonly KeymapInfo[];
  readonly snapshots: readonly SnapshotInfo[];
  /** `.keys.swap` and `.metadata.swap` files that an interrupted rewrite left. */
  readonly leftovers: readonly FileInfo[];
  /** Number of its database in `groups`. */
  readonly database: number;
  /** Roots of its database in which the table has no directory (a root added since the last start, or a wrong one). */
  readonly absentIn: readonly number[];
}

/** Numbers of roots that belong together: one list a database. */
export type RootGroups = readonly (readonly number[])[];

/** A database (or the several databases of a node): its roots and their contents. */
export interface Database {
  /** Real paths, in the order given. */
  readonly roots: readonly string[];
  /** Which roots belong to one database. */
  readonly groups: RootGroups;
  /** By name; no two databases have a table of the same name. */
  readonly tables: readonly Table[];
  /** Directories with a `segments` child whose name the engine does not accept as a table's. */
  readonly notTables: readonly string[];
}
