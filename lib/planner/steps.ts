/** Builders of a plan's steps: each step names one file and its exact states before and after. */
import { encodeMetadata } from '../format/metadata.ts';
import type { KeySurvey } from '../store/key-survey.ts';
import type { FileInfo, KeymapInfo, Orphan, Segment, SnapshotInfo, Table } from '../store/types.ts';
import type {
  CutFileStep,
  RemoveDirectoryStep,
  RemoveFileStep,
  ReplaceFileStep,
  RewriteKeysStep,
  Step,
} from '../types.ts';

/** Removes one file of a table. */
export function removeFile(
  table: string,
  file: FileInfo,
  reason: RemoveFileStep['reason'],
  segment?: number,
): RemoveFileStep {
  const step = {
    op: 'remove-file',
    table,
    file: { root: file.root, path: file.rel },
    size: file.size,
    reason,
  } as const;
  return segment === undefined ? step : { ...step, segment };
}

/**
 * Removes a whole segment in the order of the engine's own collection: keys, values, metadata. After an
 * interruption the rest then still has its metadata, the strongest evidence of what it was.
 */
export function removeSegment(table: string, segment: Segment, reason: RemoveFileStep['reason']): Step[] {
  const files = [segment.keys, ...segment.values, segment.metadataFile];
  return files.map((file) => removeFile(table, file, reason, segment.index));
}

/** Removes the incomplete segments at one end of a table, or at both ends. */
export function removeOrphans(table: Table, end?: Orphan['end']): Step[] {
  const orphans = table.orphans.filter((o) => end === undefined || o.end === end);
  return orphans.flatMap((o) => o.files.map((file) => removeFile(table.name, file, 'orphan', o.index)));
}

/** Removes a derived directory with all it holds. */
export function removeDirectory(
  table: string,
  dir: KeymapInfo | SnapshotInfo,
  reason: RemoveDirectoryStep['reason'],
): RemoveDirectoryStep {
  return { op: 'remove-directory', table, file: { root: dir.root, path: dir.rel }, reason };
}

/**
 * How the keymap of a table is kept in line with its segments: today it is removed, and the engine rebuilds it.
 */
export function dropKeymap(table: Table): Step[] {
  return table.keymaps.map((keymap) => removeDirectory(table.name, keymap, 'keymap'));
}

/** Cuts a file to its first `to` bytes; no step if the file is no longer than that. */
export function cutFile(table: string, segment: number, file: FileInfo, to: number): CutFileStep[] {
  if (file.size <= to) return [];
  return [{ op: 'cut-file', table, segment, file: { root: file.root, path: file.rel }, from: file.size, to }];
}

/**
 * Brings a key file to the records before `end`, without those that sealing drops. If what stays is a prefix,
 * this is a cut; otherwise the file is rewritten from the ranges that stay.
 */
export function trimKeys(table: string, segment: Segment, survey: KeySurvey, end: number): Step[] {
  const keep: [number, number][] = [];
  let from = 0;
  for (const range of survey.dropped) {
    if (range.start >= end) break;
    if (range.start > from) keep.push([from, range.start]);
    from = range.end;
  }
  if (from < end) keep.push([from, end]);
  const prefix =
    keep.length === 0 ? 0 : keep.length === 1 && keep[0]?.[0] === 0 ? (keep[0][1] as number) : null;
  if (prefix !== null) return cutFile(table, segment.index, segment.keys, prefix);
  const to = keep.reduce((sum, [a, b]) => sum + (b - a), 0);
  const file = { root: segment.keys.root, path: segment.keys.rel };
  const step: RewriteKeysStep = {
    op: 'rewrite-keys',
    table,
    segment: segment.index,
    file,
    from: segment.keys.size,
    to,
    keep,
  };
  return [step];
}

/**
 * Rewrites a segment's metadata: sealed, `keyCount` records, the version as it was. A segment that was unsealed
 * gets `now` as its time: with 0 a table with a TTL would collect it at once.
 * @param before the file's present bytes
 */
export function sealMetadata(
  table: string,
  segment: Segment,
  before: Uint8Array,
  keyCount: number,
  now: bigint,
): ReplaceFileStep {
  const { metadata } = segment;
  const after = encodeMetadata({
    ...metadata,
    lastValueTimestamp: metadata.sealed ? metadata.lastValueTimestamp : now,
    keyCount,
    sealed: true,
  });
  return {
    op: 'replace-file',
    table,
    file: { root: segment.metadataFile.root, path: segment.metadataFile.rel },
    reason: 'metadata',
    before: Buffer.from(before).toString('hex'),
    after: after.toString('hex'),
    segment: segment.index,
  };
}
