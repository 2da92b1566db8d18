/** Turns the loose files of one table into its chain of segments, as the engine does at open. */
import { basename } from 'node:path';
import { RollbackError } from '../errors.ts';
import { keysName, metadataName, valuesName } from '../format/file-names.ts';
import type { SegmentMetadata } from '../format/metadata.ts';
import type { FileInfo, Orphan, Segment, Table } from './types.ts';

/** The files found for one segment number, over all roots. */
export interface SegmentParts {
  readonly index: number;
  metadataFile: FileInfo | null;
  metadata: SegmentMetadata | null;
  keys: FileInfo | null;
  readonly values: Map<number, FileInfo>;
}

/** How many missing files a refusal names. */
const MAX_NAMED = 8;

const FORGOTTEN = 'Was a root forgotten? A root that was not passed looks exactly like this';

/**
 * Assembles the chain: complete segments from the lowest to the highest number; one incomplete segment at each
 * end is an orphan.
 * @param ignored paths of other files in the segments directories
 * @throws RollbackError ERR_ROOT_FORGOTTEN (no metadata at all), ERR_TOO_MANY_VALUE_FILES, ERR_FILE_MISSING,
 *   ERR_SEGMENT_MISSING
 */
export function assembleChain(
  table: string,
  parts: ReadonlyMap<number, SegmentParts>,
  ignored: readonly string[] = [],
): { segments: Segment[]; orphans: Orphan[] } {
  const indices = [...parts.keys()].sort((a, b) => a - b);
  const lowest = indices[0];
  const highest = indices.at(-1);
  if (lowest === undefined || highest === undefined) return { segments: [], orphans: [] };
  if (![...parts.values()].some((p) => p.metadataFile !== null)) throw noMetadataError(table, parts);

  const segments: Segment[] = [];
  const orphans: Orphan[] = [];
  for (let index = lowest; index <= highest; index++) {
    const part = parts.get(index);
    if (part === undefined) throw segmentMissingError(table, index, lowest, highest, ignored);
    refuseSurplusValues(table, part);
    const complete = completed(part);
    if (complete !== null) segments.push(complete);
    else if (index === lowest || index === highest) {
      const end = index === lowest ? 'lowest' : 'highest';
      const missing = missingOf(part);
      const unfinished = unfinishedCopies(missing, ignored);
      orphans.push({ index, end, metadata: part.metadata, files: filesOf(part), missing, unfinished });
    } else throw fileMissingError(table, part, ignored);
  }
  return { segments, orphans };
}

/**
 * Files that are to become one of these, by their names: rsync writes `.7.keys.Xy12Zw`, others `7.keys.part`.
 */
function unfinishedCopies(missing: readonly string[], ignored: readonly string[]): string[] {
  return ignored.filter((path) => {
    const name = basename(path).replace(/^\.*/, '');
    return missing.some((of) => name.startsWith(`${of}.`)) && !name.endsWith('.litt-rollback-tmp');
  });
}

/** A reason and a next step, behind what is to be told of unfinished copies. */
export function withCopies(
  unfinished: readonly string[] | undefined,
  why: string,
  next: string,
): { readonly why: string; readonly next: string } {
  if (unfinished === undefined || unfinished.length === 0) return { why, next };
  const otherwise = `${next.charAt(0).toLowerCase()}${next.slice(1)}`;
  return {
    why: `A copy was not finished: ${someNames(unfinished)}. ${why}`,
    next: `Copy the database again, to the end. If that was done: ${otherwise}`,
  };
}

/** The first few names; a segment has up to 255 value files, and a forgotten root holds many of them. */
export function someNames(names: readonly string[]): string {
  const rest = names.length - MAX_NAMED;
  return `${names.slice(0, MAX_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function completed(part: SegmentParts): Segment | null {
  const { metadata, metadataFile, keys } = part;
  if (metadata === null || metadataFile === null || keys === null) return null;
  const values: FileInfo[] = [];
  for (let shard = 0; shard < metadata.shardingFactor; shard++) {
    const file = part.values.get(shard);
    if (file === undefined) return null;
    values.push(file);
  }
  return { index: part.index, metadata, metadataFile, keys, values };
}

function filesOf(part: SegmentParts): FileInfo[] {
  const values = [...part.values.entries()].sort(([a], [b]) => b - a).map(([, file]) => file);
  return [part.keys, ...values, part.metadataFile].filter((f): f is FileInfo => f !== null);
}

function missingOf(part: SegmentParts): string[] {
  const missing: string[] = [];
  if (part.metadataFile === null) missing.push(metadataName(part.index));
  if (part.keys === null) missing.push(keysName(part.index));
  const shards = part.metadata?.shardingFactor ?? 0;
  for (let s = 0; s < shards; s++) if (!part.values.has(s)) missing.push(valuesName(part.index, s));
  return missing;
}

function refuseSurplusValues(table: string, part: SegmentParts): void {
  const { metadata } = part;
  if (metadata === null || part.values.size <= metadata.shardingFactor) return;
  throw new RollbackError(
    'ERR_TOO_MANY_VALUE_FILES',
    {
      what: `There are ${part.values.size} value files, but the metadata says ${metadata.shardingFactor} shards`,
      why: 'The engine refuses to open such a table',
      next: 'Find out where the surplus file came from (a restore? another node?) and move it away',
    },
    { table, segment: part.index, path: part.metadataFile?.path },
  );
}

function noMetadataError(table: string, parts: ReadonlyMap<number, SegmentParts>): RollbackError {
  const some = [...parts.values()].flatMap(filesOf)[0];
  return new RollbackError(
    'ERR_ROOT_FORGOTTEN',
    {
      what: 'The table has segment files in the given roots, but not one metadata file: roots are missing',
      why: 'Taking these files for leftovers would destroy the database',
      next: 'Pass every root of the database with --src',
    },
    { table, path: some?.path },
  );
}

function segmentMissingError(
  table: string,
  index: number,
  lowest: number,
  highest: number,
  ignored: readonly string[],
): RollbackError {
  const names = [metadataName(index), keysName(index), valuesName(index, 0)];
  return new RollbackError(
    'ERR_SEGMENT_MISSING',
    {
      what: `Segment ${index} is missing altogether, though the table has segments ${lowest} to ${highest}`,
      ...withCopies(
        unfinishedCopies(names, ignored),
        `The engine refuses to open such a table. ${FORGOTTEN}`,
        'Pass every root with --src; if none is missing, restore the segment from a backup',
      ),
    },
    { table, segment: index },
  );
}

function fileMissingError(table: string, part: SegmentParts, ignored: readonly string[]): RollbackError {
  const missing = missingOf(part);
  const others = filesOf(part)[0];
  return new RollbackError(
    'ERR_FILE_MISSING',
    {
      what: `In the middle of the chain, ${missing.length === 1 ? 'a file is' : 'files are'} missing: ${someNames(missing)}`,
      ...withCopies(
        unfinishedCopies(missing, ignored),
        `The engine refuses to open such a table. ${FORGOTTEN}`,
        'Pass every root with --src; if none is missing, restore the file from a backup',
      ),
    },
    { table, segment: part.index, path: others?.path },
  );
}

/** The oldest segment; where none is complete, the oldest incomplete one. Null for a table without any file. */
export function oldestIndex(table: Table): number | null {
  return table.segments[0]?.index ?? table.orphans[0]?.index ?? null;
}

/**
 * An interrupted creation: no data was ever written to it. A segment without metadata is never taken for empty.
 */
export function isCreationOrphan(orphan: Orphan): boolean {
  const { metadata } = orphan;
  if (metadata === null || metadata.sealed || metadata.keyCount !== 0) return false;
  return orphan.files.every((f) => f.rel.endsWith('.metadata') || f.size === 0);
}
