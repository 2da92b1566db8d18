/**
 * Builds databases on disk as the engine leaves them: segments spread over roots, groups, shards, unsealed tails,
 * keymaps, watermarks, snapshots and leftovers. Everything follows from a plain specification, which
 * arbitraries.ts draws at random; the bytes in memory come back as an image for the model.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metadata } from './bytes.ts';
import { type DatabaseImage, inOrder, type SegmentImage, type TableImage } from './image.ts';
import { layOutTable } from './layout.ts';
import { writeSnapshots } from './snapshot-builder.ts';

/** One value with its keys. A secondary's address is a part of the primary's value. */
export interface GroupSpec {
  /** Taken modulo the segment's sharding factor. */
  readonly shard: number;
  readonly size: number;
  readonly secondaries: number;
  /** Bytes that make the keys longer than their number of 8 bytes. */
  readonly pad: number;
  /** The primary key repeats the one of the group before. */
  readonly again?: boolean;
}

/** One segment, oldest group first. */
export interface SegmentSpec {
  readonly version: 3 | 4;
  readonly shards: number;
  readonly compression: 0 | 1;
  /** Which order the roots had when the segment was made. */
  readonly rootOrder: number;
  readonly groups: readonly GroupSpec[];
  /** Bytes that nothing refers to at the end of shard 0. */
  readonly deadBytes?: number;
  /** Bytes of a torn record at the end of a sealed key file. */
  readonly tornTail?: number;
  /** Left open by a crash, though it is not the newest: what of it was lost. */
  readonly open?: TailSpec | null;
}

/** What a crash left of the newest segment, which is unsealed then. */
export interface TailSpec {
  /** Bytes lost at the end of shard 0, 1, ... */
  readonly lost: readonly number[];
  /** Records of a group whose end is missing. */
  readonly unclosed: number;
  /** Bytes of a record that was written in part. */
  readonly torn: number;
}

/** How the table's snapshots stand. */
export interface SnapshotSpec {
  /** A consumer emptied `snapshot/`. */
  readonly consumed: boolean;
  /** lower-bound.txt, relative to the first segment; null for none. */
  readonly lower: number | null;
}

export interface TableSpec {
  readonly name: string;
  /** Index of the first segment. */
  readonly first: number;
  readonly segments: readonly SegmentSpec[];
  /** Null: every segment is sealed. */
  readonly tail: TailSpec | null;
  readonly keymap: boolean;
  /** Relative to the first segment; null for none. */
  readonly watermark: number | null;
  /** The lowest segment, below the watermark, has lost its key file already. */
  readonly collecting?: boolean;
  readonly snapshot?: SnapshotSpec | null;
  readonly leftovers?: readonly ('keys' | 'metadata')[];
  /** Another tool's cut of the newest, sealed segment stopped behind its key file: groups that are gone from it. */
  readonly halfCut?: number;
  /** A segment that a crash caught while it was made: its metadata alone, or an empty key file as well. */
  readonly creation?: 'metadata' | 'keys' | null;
}

export interface DatabaseSpec {
  /** Chooses the bytes of keys and values. */
  readonly seed: number;
  readonly roots: number;
  readonly tables: readonly TableSpec[];
}

/** A database on disk. */
export interface BuiltDatabase {
  /** Holds the roots, the snapshot directory and a canary. */
  readonly dir: string;
  readonly roots: readonly string[];
  /** Undefined when no table has snapshots. */
  readonly snapshotDir: string | undefined;
  readonly image: DatabaseImage;
  /** Values of the boundary files, by their path below the snapshot directory. */
  readonly bounds: ReadonlyMap<string, number>;
}

/** The roots in the order that they had when a segment was made. */
export function rootsInOrder(roots: readonly string[], order: number): string[] {
  const turn = order % roots.length;
  const turned = [...roots.slice(turn), ...roots.slice(0, turn)];
  return order % 2 === 0 ? turned : turned.reverse();
}

/** Lays the whole database out below an existing, empty directory. */
export function buildDatabase(spec: DatabaseSpec, dir: string): BuiltDatabase {
  const roots = Array.from({ length: spec.roots }, (_, i) => join(dir, `root${i}`));
  const image: DatabaseImage = new Map();
  for (const table of spec.tables) {
    for (const root of roots) mkdirSync(join(root, table.name, 'segments'), { recursive: true, mode: 0o750 });
    image.set(table.name, layOutTable(table, spec.seed));
    writeTable(table, image.get(table.name)!, roots);
  }
  const snapshotDir = join(dir, 'snapshots');
  const snapshots = spec.tables.filter((table) => table.snapshot != null);
  const bounds = new Map<string, number>();
  for (const table of snapshots)
    writeSnapshots(table, image.get(table.name)!, roots, { snapshotDir, bounds });
  mkdirSync(join(dir, 'canary'));
  writeFileSync(join(dir, 'canary', '0.keys'), 'outside');
  return { dir, roots, image, bounds, snapshotDir: snapshots.length === 0 ? undefined : snapshotDir };
}

function writeTable(spec: TableSpec, table: TableImage, roots: readonly string[]): void {
  const chain = inOrder(table);
  for (const [i, segment] of chain.entries()) {
    writeSegment(spec.name, segment, rootsInOrder(roots, spec.segments[i]?.rootOrder ?? 0));
  }
  const newest = rootsInOrder(roots, spec.segments.at(-1)?.rootOrder ?? 0)[0]!;
  const home = join(newest, spec.name);
  if (spec.keymap) writeKeymap(join(home, 'keymap'));
  if (table.watermark !== null)
    writeFileSync(join(home, 'gc-watermark'), `${table.watermark}\n`, { mode: 0o644 });
  for (const kind of spec.leftovers ?? []) {
    const index = chain.at(-1)?.index ?? 0;
    writeFileSync(join(home, 'segments', `${index}.${kind}.swap`), 'half a rewrite', { mode: 0o600 });
  }
}

/** Metadata and keys in the first root, values of shard s in root (s + 1) modulo the number of roots. */
function writeSegment(table: string, segment: SegmentImage, roots: readonly string[]): void {
  const path = (root: number, file: string): string =>
    join(roots[root % roots.length]!, table, 'segments', `${segment.index}${file}`);
  if (segment.meta !== null) writeFileSync(path(0, '.metadata'), metadata(segment.meta), { mode: 0o644 });
  if (segment.keys !== null) writeFileSync(path(0, '.keys'), segment.keys, { mode: 0o600 });
  for (const [shard, bytes] of segment.values) {
    writeFileSync(path(shard + 1, `-${shard}.values`), bytes, { mode: 0o600 });
  }
}

function writeKeymap(directory: string): void {
  mkdirSync(join(directory, 'data'), { recursive: true, mode: 0o750 });
  writeFileSync(join(directory, 'keymap-type.txt'), 'PebbleDBKeymap');
  writeFileSync(join(directory, 'initialized'), '');
  writeFileSync(join(directory, 'data', '000004.log'), 'an index of its own kind');
}
