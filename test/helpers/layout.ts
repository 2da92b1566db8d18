/** From the specification of a table to the bytes of its segments. */
import { kindOf, noise, readRecords, record } from './bytes.ts';
import { type SegmentImage, segmentOf, type TableImage } from './image.ts';
import type { GroupSpec, SegmentSpec, TableSpec, TailSpec } from './table-builder.ts';

const NANOSECONDS = 1_000_000_000n;
/** When the first segment of a table was sealed; every later one a minute after it. */
const FIRST_SEALED = 1_750_000_000n * NANOSECONDS;

/** Hands out keys that differ from each other, and remembers the last primary one. */
interface KeyMaker {
  next(pad: number): Buffer;
  lastPrimary: Buffer | null;
}

/** The bytes of a whole table. */
export function layOutTable(spec: TableSpec, seed: number): TableImage {
  const table: TableImage = { name: spec.name, segments: new Map(), watermark: null };
  const keys = keyMaker(seed + spec.name.length);
  for (const [i, segment] of spec.segments.entries()) {
    const tail = i === spec.segments.length - 1 ? spec.tail : (segment.open ?? null);
    const index = spec.first + i;
    table.segments.set(index, layOutSegment(segment, tail, index, i, keys));
  }
  const newest = table.segments.get(spec.first + spec.segments.length - 1);
  if (newest !== undefined) halfCut(newest, spec.halfCut ?? 0);
  if (spec.watermark !== null) table.watermark = spec.first + spec.watermark;
  if (spec.collecting === true) segmentOf(table, spec.first).keys = null;
  if (spec.creation != null) addCreation(spec, table);
  return table;
}

/** Takes groups from the end of the key file alone: values and metadata stay as they were. */
function halfCut(segment: SegmentImage, groups: number): void {
  const firsts = readRecords(segment.keys!).filter((r) => r.kind < 2);
  if (groups > 0) segment.keys = segment.keys!.subarray(0, firsts.at(-groups)?.start ?? 0);
}

/** A segment for which the engine had made only the first files. */
function addCreation(spec: TableSpec, table: TableImage): void {
  const segment = segmentOf(table, spec.first + spec.segments.length);
  const shards = spec.segments.at(-1)?.shards ?? 1;
  segment.meta = { version: 4, shards, timestamp: 0n, count: 0, sealed: false, compression: 0 };
  if (spec.creation === 'keys') segment.keys = Buffer.alloc(0);
}

function keyMaker(seed: number): KeyMaker {
  let count = 0;
  return {
    lastPrimary: null,
    next(pad) {
      count += 1;
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(BigInt(count));
      return Buffer.concat([number, noise(seed * 65_537 + count, pad)]);
    },
  };
}

function layOutSegment(
  spec: SegmentSpec,
  tail: TailSpec | null,
  index: number,
  age: number,
  keys: KeyMaker,
): SegmentImage {
  const values: Buffer[][] = Array.from({ length: spec.shards }, () => []);
  const records = spec.groups.flatMap((group) => layOutGroup(group, spec, index, values, keys));
  const files = values.map((parts) => Buffer.concat(parts));
  if (spec.deadBytes !== undefined) files[0] = Buffer.concat([files[0]!, noise(age, spec.deadBytes)]);
  const sealed = tail === null;
  const meta = {
    version: spec.version,
    shards: spec.shards,
    timestamp: sealed ? FIRST_SEALED + BigInt(age) * 60n * NANOSECONDS : 0n,
    count: sealed ? records.length : 0,
    sealed,
    compression: spec.version === 3 ? 0 : spec.compression,
  };
  const ending = sealed
    ? tornRecord(spec.tornTail ?? 0, index, keys)
    : crashed(tail, spec, index, files, keys);
  return {
    index,
    meta,
    keys: Buffer.concat([...records, ending]),
    values: new Map(files.map((bytes, shard) => [shard, bytes])),
  };
}

/** The records of one group; its value is appended to its shard. */
function layOutGroup(
  group: GroupSpec,
  spec: SegmentSpec,
  index: number,
  values: Buffer[][],
  keys: KeyMaker,
): Buffer[] {
  const shard = group.shard % spec.shards;
  const file = values[shard]!;
  const offset = file.reduce((sum, part) => sum + part.length, 0);
  const repeats = group.again === true && keys.lastPrimary !== null;
  const primary = repeats ? keys.lastPrimary! : keys.next(group.pad);
  keys.lastPrimary = primary;
  file.push(noise(primary.length + offset + index, group.size));
  const whole = spec.compression === 1 && spec.version === 4;
  const length = group.secondaries + 1;
  return Array.from({ length }, (_, i) => {
    const skip = i === 0 || whole ? 0 : (i * 7) % (group.size + 1);
    const key = i === 0 ? primary : keys.next(group.pad);
    const size = i === 0 || whole ? group.size : (group.size - skip) >> (i % 2);
    return record({ kind: kindOf(i, length), key, segment: index, offset: offset + skip, shard, size });
  });
}

/** What a crash leaves: an unclosed group, a torn record, and value files that lost their last bytes. */
function crashed(tail: TailSpec, spec: SegmentSpec, index: number, files: Buffer[], keys: KeyMaker): Buffer {
  const open = Array.from({ length: tail.unclosed }, (_, i) => {
    const address = { segment: index, offset: 0, shard: 0, size: 0 };
    return record({ kind: i === 0 ? 1 : 2, key: keys.next(i), ...address });
  });
  for (let shard = 0; shard < spec.shards; shard += 1) {
    const file = files[shard]!;
    files[shard] = file.subarray(0, Math.max(0, file.length - (tail.lost[shard] ?? 0)));
  }
  return Buffer.concat([...open, tornRecord(tail.torn, index, keys)]);
}

/** The first bytes of a record, never the whole. */
function tornRecord(bytes: number, index: number, keys: KeyMaker): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const whole = record({ kind: 0, key: keys.next(12), segment: index, offset: 0, shard: 0, size: 0 });
  return whole.subarray(0, Math.min(bytes, whole.length - 1));
}
