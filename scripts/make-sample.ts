/**
 * Writes sample databases of any size, for measurements and for trying things out.
 *
 * Every group is a primary with a 12-byte key (height u64, part u32) and one secondary with a 32-byte key, 76
 * bytes in the key file together. Value files are sparse: they have their size, but no blocks on the disk.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandLine } from './command.ts';

/** Bytes of one group in a key file: 16 + 12 and 16 + 32. */
export const GROUP_BYTES = 76;

const PRIMARY_KEY_BYTES = 12;
const SECONDARY_AT = 16 + PRIMARY_KEY_BYTES;
const SECONDARY_KEY_BYTES = 32;
const GROUPS_PER_WRITE = 100_000;
const NANOSECONDS_PER_MINUTE = 60_000_000_000n;

/** What to write. */
export interface SampleOptions {
  /** Directory that gets `root0`, `root1`, …; created when missing. */
  readonly dir: string;
  readonly tables?: readonly string[];
  /** Records of each table, primaries and secondaries; rounded down to whole groups. Default 10,000. */
  readonly records?: number;
  readonly segments?: number;
  readonly shards?: number;
  readonly roots?: number;
  /** Bytes of each value. Default 32. */
  readonly valueSize?: number;
  /** Leave the newest segment unsealed, as a crash does. */
  readonly unsealed?: boolean;
}

/** What was written: key files of the first table, oldest segment first, and groups of each table. */
export interface Sample {
  readonly roots: readonly string[];
  readonly keyFiles: readonly string[];
  readonly groups: number;
}

/** The primary key of group `index` (from 0, oldest first), as the sample has it. */
export function primaryKey(index: number): Buffer {
  const key = Buffer.alloc(PRIMARY_KEY_BYTES);
  key.writeBigUInt64BE(BigInt(index) + 1n, 0);
  return key;
}

/** Writes the databases' files and returns where they are. */
export function makeSample(options: SampleOptions): Sample {
  const roots = Array.from({ length: options.roots ?? 1 }, (_, i) => join(options.dir, `root${i}`));
  const groups = Math.floor((options.records ?? 10_000) / 2);
  const segments = options.segments ?? 1;
  const keyFiles: string[] = [];
  for (const [i, table] of (options.tables ?? ['sample']).entries()) {
    prepareTable(roots, table);
    for (let segment = 0; segment < segments; segment++) {
      const first = Math.floor((groups * segment) / segments);
      const end = Math.floor((groups * (segment + 1)) / segments);
      const path = writeSegment({ roots, table, segment, first, end, options, segments });
      if (i === 0) keyFiles.push(path);
    }
  }
  return { roots, keyFiles, groups };
}

function prepareTable(roots: readonly string[], table: string): void {
  for (const root of roots) mkdirSync(join(root, table, 'segments'), { recursive: true, mode: 0o750 });
  // A keymap that the engine has still to build; it marks the first root as the one where keymaps go.
  const keymap = join(roots[0]!, table, 'keymap');
  mkdirSync(keymap, { mode: 0o750 });
  writeFileSync(join(keymap, 'keymap-type.txt'), 'PebbleDBKeymap');
}

interface SegmentJob {
  readonly roots: readonly string[];
  readonly table: string;
  readonly segment: number;
  readonly segments: number;
  /** First group, and the one behind the last. */
  readonly first: number;
  readonly end: number;
  readonly options: SampleOptions;
}

/** Metadata, keys and values of one segment, placed as the engine does; returns the key file's path. */
function writeSegment(job: SegmentJob): string {
  const { roots, table, segment, segments, first, end, options } = job;
  const shards = options.shards ?? 1;
  const valueSize = options.valueSize ?? 32;
  const groups = end - first;
  const largest = Math.ceil(groups / shards) * valueSize;
  if (largest >= 2 ** 32) {
    throw new RangeError(
      `A value file would have ${largest} bytes: use smaller values, more shards or segments`,
    );
  }
  const folder = (root: number): string => join(roots[root]!, table, 'segments');
  const unsealed = (options.unsealed ?? false) && segment === segments - 1;
  writeFileSync(
    join(folder(0), `${segment}.metadata`),
    metadata(shards, groups * 2, unsealed, segments - segment),
  );
  const keys = join(folder(0), `${segment}.keys`);
  writeKeyFile(keys, segment, first, groups, shards, valueSize);
  for (let shard = 0; shard < shards; shard++) {
    const values = Math.ceil((groups - shard) / shards);
    const fd = openSync(join(folder((shard + 1) % roots.length), `${segment}-${shard}.values`), 'wx', 0o600);
    ftruncateSync(fd, Math.max(values, 0) * valueSize);
    closeSync(fd);
  }
  return keys;
}

function metadata(shards: number, records: number, unsealed: boolean, minutesAgo: number): Buffer {
  const bytes = Buffer.alloc(19);
  const sealedAt = BigInt(Date.now()) * 1_000_000n - BigInt(minutesAgo) * NANOSECONDS_PER_MINUTE;
  bytes.writeUInt32BE(4, 0);
  bytes.writeUInt8(shards, 4);
  if (!unsealed) {
    bytes.writeBigUInt64BE(sealedAt, 5);
    bytes.writeUInt32BE(records, 13);
    bytes.writeUInt8(1, 17);
  }
  return bytes;
}

function writeKeyFile(
  path: string,
  segment: number,
  first: number,
  groups: number,
  shards: number,
  valueSize: number,
): void {
  const fd = openSync(path, 'wx', 0o600);
  const buffer = templateGroups(Math.min(groups, GROUPS_PER_WRITE), segment, valueSize);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  for (let done = 0; done < groups; done += GROUPS_PER_WRITE) {
    const count = Math.min(GROUPS_PER_WRITE, groups - done);
    for (let i = 0; i < count; i++) {
      const local = done + i;
      const shard = local % shards;
      fillGroup(view, i * GROUP_BYTES, first + local, shard, Math.floor(local / shards) * valueSize);
    }
    writeAll(fd, buffer.subarray(0, count * GROUP_BYTES));
  }
  closeSync(fd);
}

/** The parts of a group that are the same in the whole file, `count` times over. */
function templateGroups(count: number, segment: number, valueSize: number): Buffer {
  const group = Buffer.alloc(GROUP_BYTES);
  for (const [at, kind, keyBytes] of [
    [0, 1, PRIMARY_KEY_BYTES],
    [SECONDARY_AT, 3, SECONDARY_KEY_BYTES],
  ] as const) {
    group.writeUInt8(kind, at);
    group.writeUInt16BE(keyBytes, at + 1);
    group.writeUInt32BE(segment, at + 3 + keyBytes);
    group.writeUInt32BE(valueSize, at + 3 + keyBytes + 9);
  }
  const all = Buffer.alloc(count * GROUP_BYTES);
  if (count > 0) all.fill(group);
  return all;
}

function fillGroup(view: DataView, at: number, index: number, shard: number, offset: number): void {
  const height = index + 1;
  view.setUint32(at + 3, Math.floor(height / 2 ** 32));
  view.setUint32(at + 7, height >>> 0);
  view.setUint32(at + 3 + PRIMARY_KEY_BYTES + 4, offset);
  view.setUint8(at + 3 + PRIMARY_KEY_BYTES + 8, shard);
  const hash = at + SECONDARY_AT + 3;
  // Something that looks like a hash: different in every group, spread over all bytes.
  for (let word = 0; word < SECONDARY_KEY_BYTES / 4; word++) {
    const mixed = Math.imul(height ^ Math.imul(word + 1, 0x9e3779b1), 0x85ebca6b);
    view.setUint32(hash + word * 4, (mixed ^ (mixed >>> 15)) >>> 0);
  }
  view.setUint32(hash + SECONDARY_KEY_BYTES + 4, offset);
  view.setUint8(hash + SECONDARY_KEY_BYTES + 8, shard);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

const USAGE = `Usage: npx tsx scripts/make-sample.ts DIR [options]

  --table NAME       repeat for more tables (default sample)
  --records N        records of each table (default 10000)
  --key-bytes N      size of all key files of a table, in place of --records; K, M, G may follow (6G)
  --segments N       (default 1)
  --shards N         value files of a segment (default 1)
  --roots N          (default 1)
  --value-size N     bytes of each value; value files are sparse (default 32)
  --unsealed         leave the newest segment unsealed
`;

function main(): void {
  const command = CommandLine.read(USAGE);
  const [dir] = command.positionals;
  if (dir === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const tables = command.texts('table');
  const keyBytes = command.number('key-bytes', 0);
  const sample = makeSample({
    dir,
    ...(tables.length > 0 && { tables }),
    records: keyBytes > 0 ? Math.floor(keyBytes / GROUP_BYTES) * 2 : command.number('records', 10_000),
    segments: command.number('segments', 1),
    shards: command.number('shards', 1),
    roots: command.number('roots', 1),
    valueSize: command.number('value-size', 32),
    unsealed: command.flag('unsealed'),
  });
  const sources = sample.roots.map((root) => `--src ${root}`).join(' ');
  process.stdout.write(`${sample.groups * 2} records a table. Oldest key ${primaryKey(0).toString('hex')}, `);
  process.stdout.write(
    `newest primary key ${primaryKey(Math.max(sample.groups - 1, 0)).toString('hex')}\n${sources}\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
