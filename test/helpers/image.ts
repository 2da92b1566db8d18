/**
 * A database as bytes in memory: what the table builder lays out, what the model works on, and what is read back
 * from disk. Written independently of lib/store.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FoundRecord, type MetaFields, readMetadata, readRecords } from './bytes.ts';

/** The files of one segment; what is missing is null, or lacks an entry. */
export interface SegmentImage {
  readonly index: number;
  meta: MetaFields | null;
  keys: Buffer | null;
  readonly values: Map<number, Buffer>;
}

/** One table: its segments by index, and its watermark. */
export interface TableImage {
  readonly name: string;
  readonly segments: Map<number, SegmentImage>;
  watermark: number | null;
}

export type DatabaseImage = Map<string, TableImage>;

/** The listing of one segment in the form of `after` in a fixture's case.json. */
export interface SegmentListing {
  /** Not in a case.json: a rollback keeps the one that was there. */
  version?: number;
  sealed: boolean;
  shardingFactor: number;
  keyCount: number;
  compression: number;
  keys: { bytes: number; sha256: string; records: number };
  values: Record<string, { bytes: number; sha256: string }>;
}

/** Tables by name, segments by index. */
export type Listing = Record<string, Record<string, SegmentListing>>;

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reads every table that lies in the given roots, following the names of the files alone. */
export function readImage(roots: readonly string[]): DatabaseImage {
  const tables: DatabaseImage = new Map();
  for (const root of roots) {
    for (const name of readdirSync(root).sort()) {
      const segments = join(root, name, 'segments');
      if (!/^[A-Za-z0-9_-]+$/.test(name) || !existsSync(segments)) continue;
      const table = tables.get(name) ?? { name, segments: new Map(), watermark: null };
      tables.set(name, table);
      readSegmentFiles(table, segments);
      const watermark = join(root, name, 'gc-watermark');
      if (existsSync(watermark)) {
        table.watermark = Math.max(table.watermark ?? 0, Number(readFileSync(watermark, 'utf8').trim()));
      }
    }
  }
  return tables;
}

function readSegmentFiles(table: TableImage, directory: string): void {
  for (const file of readdirSync(directory)) {
    const parts = /^(\d+)(?:-(\d+))?\.(metadata|keys|values)$/.exec(file);
    const path = join(directory, file);
    if (parts === null || !statSync(path).isFile()) continue;
    const segment = segmentOf(table, Number(parts[1]));
    const bytes = readFileSync(path);
    if (parts[3] === 'metadata') segment.meta = readMetadata(bytes);
    else if (parts[3] === 'keys') segment.keys = bytes;
    else segment.values.set(Number(parts[2]), bytes);
  }
}

/** The segment with this index, made when the table lacks it. */
export function segmentOf(table: TableImage, index: number): SegmentImage {
  let segment = table.segments.get(index);
  if (segment === undefined) {
    segment = { index, meta: null, keys: null, values: new Map() };
    table.segments.set(index, segment);
  }
  return segment;
}

/** Segments, lowest index first. */
export function inOrder(table: TableImage): SegmentImage[] {
  return [...table.segments.values()].sort((a, b) => a.index - b.index);
}

/** The listing of a database, in the form of case.json. */
export function listing(image: DatabaseImage): Listing {
  const tables: Listing = {};
  for (const name of [...image.keys()].sort()) {
    const table = image.get(name) as TableImage;
    tables[name] = Object.fromEntries(inOrder(table).map((s) => [String(s.index), segmentListing(s)]));
  }
  return tables;
}

function segmentListing(segment: SegmentImage): SegmentListing {
  const { meta, keys } = segment;
  if (meta === null || keys === null) throw new Error(`segment ${segment.index} is incomplete`);
  const values = [...segment.values].sort(([a], [b]) => a - b);
  return {
    version: meta.version,
    sealed: meta.sealed,
    shardingFactor: meta.shards,
    keyCount: meta.count,
    compression: meta.compression,
    keys: { bytes: keys.length, sha256: sha256(keys), records: readRecords(keys).length },
    values: Object.fromEntries(
      values.map(([shard, bytes]) => [String(shard), { bytes: bytes.length, sha256: sha256(bytes) }]),
    ),
  };
}

/** What the engine serves, newest first: every record of the segments at or above the watermark. */
export function servedNewestFirst(table: TableImage): FoundRecord[] {
  return inOrder(table)
    .filter((segment) => segment.index >= (table.watermark ?? 0))
    .flatMap((segment) => readRecords(segment.keys ?? Buffer.alloc(0)))
    .reverse();
}

/** The hash that `engine.*.sha256OfKeysNewestFirst` of a case holds: one hexadecimal key a line. */
export function hashOfKeys(records: readonly FoundRecord[]): string {
  return sha256(records.map((r) => r.key.toString('hex')).join('\n'));
}
