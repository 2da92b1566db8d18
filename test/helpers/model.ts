/**
 * The naive model: what a correct rollback leaves, computed on bytes in memory, from the format's description and
 * independently of the program. It is checked itself against every fixture that the real engine wrote
 * (test/conformance/model.test.ts).
 */
import { type FoundRecord, readRecords } from './bytes.ts';
import { inOrder, type SegmentImage, type TableImage } from './image.ts';

/** Decides on one record, as a RollbackFilter does. */
export type Matcher = (table: string, key: Buffer, isPrimary: boolean) => boolean;

/** The height of a record that tells where its height ends; null for every other record. */
export type HeightOf = (key: Buffer, isPrimary: boolean) => bigint | null;

/** Which group of a segment ends where, and what it holds. */
interface Group {
  readonly records: readonly FoundRecord[];
}

/** The newest record that matches. */
export interface ModelPivot {
  readonly segment: number;
  /** Number among the records that stay in the segment after sealing. */
  readonly record: number;
  /** Records of the segment that stay. */
  readonly keeps: number;
}

/** What a rollback leaves of one table. */
export interface ModelResult {
  readonly pivot: ModelPivot | null;
  /** Records that the engine would have served before and does not serve afterwards. */
  readonly removedRecords: number;
  readonly keptRecords: number;
  /** The table afterwards, everything in order: sealed, orphans dropped, pivot cut. */
  readonly after: TableImage;
  /** Segments that may stay as well when nothing else changes: above the pivot, and empty once sealed. */
  readonly mayStay: readonly number[];
  /** The table with the pivot's value files as they were: as good, when no record goes. */
  readonly uncut: TableImage | null;
}

/** Whether all files of a segment are there. */
export function isComplete(segment: SegmentImage): boolean {
  const { meta, keys, values } = segment;
  if (meta === null || keys === null) return false;
  for (let shard = 0; shard < meta.shards; shard += 1) if (!values.has(shard)) return false;
  return true;
}

/** The table as the engine sees it: without an incomplete segment at either end. */
function withoutOrphans(table: TableImage): SegmentImage[] {
  const chain = inOrder(table);
  if (chain.length > 0 && !isComplete(chain[chain.length - 1] as SegmentImage)) chain.pop();
  if (chain.length > 0 && !isComplete(chain[0] as SegmentImage)) chain.shift();
  return chain;
}

/** Closed groups of a key file, and nothing else: strays, unclosed groups and torn tails are left out. */
function closedGroups(keys: Buffer): Group[] {
  const groups: Group[] = [];
  let open: FoundRecord[] = [];
  for (const found of readRecords(keys)) {
    if (found.kind === 0) {
      groups.push({ records: [found] });
      open = [];
    } else if (found.kind === 1) {
      open = [found];
    } else if (open.length > 0) {
      open.push(found);
      if (found.kind === 3) {
        groups.push({ records: open });
        open = [];
      }
    }
  }
  return groups;
}

/** Groups that stay when the engine seals the segment: closed, and every value is there. */
function groupsAfterSealing(segment: SegmentImage): Group[] {
  const keys = segment.keys ?? Buffer.alloc(0);
  if (segment.meta?.sealed === true) return closedGroups(keys);
  return sealedGroups(keys, (shard) => segment.values.get(shard)?.length ?? 0);
}

function sealedGroups(keys: Buffer, valueBytes: (shard: number) => number): Group[] {
  return closedGroups(keys).filter((group) =>
    group.records.every((r) => r.offset + r.size <= valueBytes(r.shard)),
  );
}

/** Records of a key file that sealing keeps. */
export function keptBySealing(keys: Buffer, valueBytes: (shard: number) => number): FoundRecord[] {
  return sealedGroups(keys, valueBytes).flatMap((group) => [...group.records]);
}

/** Every record of a table that a filter may see, newest first. */
export function offeredNewestFirst(
  table: TableImage,
): { segment: number; record: number; found: FoundRecord }[] {
  return withoutOrphans(table)
    .flatMap((segment) =>
      recordsOf(segment).map((found, record) => ({ segment: segment.index, record, found })),
    )
    .reverse();
}

function recordsOf(segment: SegmentImage): FoundRecord[] {
  return groupsAfterSealing(segment).flatMap((group) => [...group.records]);
}

/** The newest match, with its whole group. */
function findPivot(chain: readonly SegmentImage[], name: string, matches: Matcher): ModelPivot | null {
  for (const segment of [...chain].reverse()) {
    const groups = groupsAfterSealing(segment);
    let keeps = groups.reduce((sum, group) => sum + group.records.length, 0);
    for (const group of [...groups].reverse()) {
      const start = keeps - group.records.length;
      for (let i = group.records.length - 1; i >= 0; i -= 1) {
        const found = group.records[i] as FoundRecord;
        if (matches(name, found.key, found.kind < 2))
          return { segment: segment.index, record: start + i, keeps };
      }
      keeps = start;
    }
  }
  return null;
}

/** The segment as sealing leaves it; one that is sealed already stays as it is. */
function sealed(segment: SegmentImage): SegmentImage {
  const { meta, keys } = segment;
  if (meta === null || keys === null || meta.sealed) return segment;
  return withRecords(segment, recordsOf(segment));
}

/** The segment sealed with these records alone. A torn last record alone does not rewrite the key file. */
function withRecords(segment: SegmentImage, records: readonly FoundRecord[]): SegmentImage {
  const keys = segment.keys as Buffer;
  const isWhole = records.length === readRecords(keys).length;
  const meta = segment.meta as NonNullable<SegmentImage['meta']>;
  return {
    index: segment.index,
    meta: { ...meta, sealed: true, count: records.length },
    keys: isWhole ? keys : Buffer.concat(records.map((r) => keys.subarray(r.start, r.end))),
    values: new Map(segment.values),
  };
}

/** The pivot's segment: the first `keeps` records, and of every shard the prefix they own. */
function cut(segment: SegmentImage, keeps: number): SegmentImage {
  const records = recordsOf(segment).slice(0, keeps);
  const result = withRecords(segment, records);
  for (const [shard, bytes] of segment.values) {
    const ends = records.filter((r) => r.shard === shard).map((r) => r.offset + r.size);
    result.values.set(shard, bytes.subarray(0, Math.max(0, ...ends)));
  }
  return result;
}

/** What a rollback leaves of a table: `matches` is asked newest first; unmatched tables follow the policy. */
export function rollback(table: TableImage, matches: Matcher, onNoMatch: 'keep' | 'delete'): ModelResult {
  const chain = withoutOrphans(table);
  const pivot = findPivot(chain, table.name, matches);
  const deletes = pivot === null && onNoMatch === 'delete';
  const kept = chain.filter((s) => !deletes && s.index <= (pivot?.segment ?? s.index));
  const before = chain.reduce((sum, segment) => sum + recordsOf(segment).length, 0);
  const after = kept.map((s) => (s.index === pivot?.segment ? cut(s, pivot.keeps) : sealed(s)));
  const keptRecords = after.reduce((sum, segment) => sum + readRecords(segment.keys as Buffer).length, 0);
  const nothingGoes = before === keptRecords && !deletes;
  const image = (segments: readonly SegmentImage[]): TableImage => ({
    name: table.name,
    segments: new Map(segments.map((segment) => [segment.index, segment])),
    watermark: deletes ? null : table.watermark,
  });
  const withOldValues = after.map((s, i) => ({ ...s, values: (kept[i] as SegmentImage).values }));
  const isInterrupted = kept.some((s) => (s.meta?.count ?? 0) > recordsOf(s).length);
  return {
    pivot,
    removedRecords: before - keptRecords,
    keptRecords,
    after: image(after),
    mayStay: nothingGoes ? chain.slice(kept.length).map((segment) => segment.index) : [],
    uncut: nothingGoes && !isInterrupted ? image(withOldValues) : null,
  };
}

/**
 * A target by height: the newest record that decides and is at or below it; where none that decides is above it, every
 * record, the newest one first.
 */
export function matcherForHeight(table: TableImage, heightOf: HeightOf, target: bigint): Matcher {
  const isAbove = decidingHeights(table, heightOf).some((height) => height > target);
  return (_, key, isPrimary) => {
    const height = heightOf(key, isPrimary);
    return !isAbove || (height !== null && height <= target);
  };
}

/** The heights of the records that decide and that the engine serves, newest first. */
export function decidingHeights(table: TableImage, heightOf: HeightOf): bigint[] {
  return offeredNewestFirst(table)
    .filter(({ segment }) => segment >= (table.watermark ?? 0))
    .map(({ found }) => heightOf(found.key, found.kind < 2))
    .filter((height) => height !== null);
}
