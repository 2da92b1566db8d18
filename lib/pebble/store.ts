/** A whole Pebble directory: what its files say together, and which records its live logs hold. */
import { type Batch, type Operation, readBatch } from './batch.ts';
import type { ByteSource } from './block.ts';
import { MAX_MANIFEST_BYTES, type Manifest, readManifest } from './manifest.ts';
import { formatNumber, logName, type PebbleNames, readNames } from './names.ts';
import { MAX_OPTIONS_BYTES, refuseOtherOptions } from './options.ts';
import { type RecordEnd, RecordReader } from './record-reader.ts';
import { onFile, PebbleRefusal } from './refusal.ts';

/** A directory's plain files. Its `LOCK` says nothing and may be left out. */
export interface PebbleFiles {
  /** Sizes in bytes, by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** A file that is read in parts. */
  readonly open: (name: string) => ByteSource;
  /** The blocks of a file, of 32 KiB each but for the last; each is good until the next one. */
  readonly blocks: (name: string) => Iterable<Buffer>;
}

/** What may lie in a store, beyond what Pebble itself prescribes. */
export interface StoreRules {
  /** Three digits. */
  readonly formatVersion: string;
  /** Kinds of operations that a log may hold. */
  readonly kinds: ReadonlySet<number>;
}

/** A store whose small files were read. */
export interface PebbleStore {
  readonly names: PebbleNames;
  readonly manifest: Manifest;
  /** Numbers of the logs that Pebble replays, ascending; the last one is the newest log of all. */
  readonly liveLogs: readonly number[];
  /** The number for one more log. */
  readonly nextLog: number;
}

/** What the live logs hold. */
export interface LogsEnd {
  /** Below it lie all sequence numbers of the store. */
  readonly nextSequence: number;
  /** How the newest log ends. */
  readonly newest: RecordEnd;
}

/** Pebble itself begins to count here. */
const FIRST_SEQUENCE = 10;

/**
 * Reads names, markers, OPTIONS and MANIFEST, and holds the tables against them.
 * @throws PebbleRefusal unknown-file, markers, format, options, manifest, table-files, log
 */
export function readStore(files: PebbleFiles, rules: StoreRules): PebbleStore {
  const names = readNames([...files.sizes.keys()]);
  if (names.formatVersion !== rules.formatVersion)
    throw new PebbleRefusal(
      'format',
      `format version ${names.formatVersion} instead of ${rules.formatVersion}`,
    );
  onFile(names.options, () => refuseOtherOptions(textOf(files, names.options)));
  const manifest = onFile(names.manifest, () => {
    if ((files.sizes.get(names.manifest) ?? 0) > MAX_MANIFEST_BYTES)
      throw new PebbleRefusal('manifest', 'MANIFEST is too large');
    return readManifest(files.blocks(names.manifest));
  });
  refuseWrongTables(files, manifest);
  const liveLogs = names.logs.filter((number) => number >= manifest.minUnflushedLog);
  if (liveLogs.length === 0) throw new PebbleRefusal('log', 'there is no live log');
  const nextLog = Math.max(manifest.nextFileNumber, manifest.minUnflushedLog + 1, names.highest + 1);
  return { names, manifest, liveLogs, nextLog };
}

function textOf(files: PebbleFiles, name: string): string {
  const source = files.open(name);
  if (source.size > MAX_OPTIONS_BYTES) throw new PebbleRefusal('options', 'OPTIONS is too large');
  return source.read(0, source.size).toString('utf8');
}

function refuseWrongTables({ sizes }: PebbleFiles, { tables, lastSequence }: Manifest): void {
  for (const { number, size, largestSequence } of tables.values()) {
    const name = `${formatNumber(number)}.sst`;
    const found = sizes.get(name);
    const problem =
      found === undefined
        ? 'a live table is missing'
        : found !== size
          ? `a live table has ${found} bytes instead of ${size}`
          : largestSequence > lastSequence
            ? `sequence number ${largestSequence}, and the MANIFEST ends at ${lastSequence}`
            : null;
    if (problem !== null) throw new PebbleRefusal('table-files', problem, name);
  }
}

/**
 * Reads the live logs. All but the newest must end cleanly; damage inside the newest one is refused.
 * Yields after each record, so that a long reading can be interrupted.
 * @param visit told of each operation, logs and records in order
 * @throws PebbleRefusal log, sequence; what `visit` throws
 */
export function* readLogs(
  files: PebbleFiles,
  { liveLogs, manifest }: PebbleStore,
  { kinds }: StoreRules,
  visit: (operation: Operation) => void,
): Generator<void, LogsEnd, void> {
  let nextSequence = Math.max(manifest.lastSequence + 1, FIRST_SEQUENCE);
  let newest: RecordEnd = { kind: 'bare', valid: 0 };
  for (const number of liveLogs) {
    const name = logName(number);
    const records = new RecordReader({ of: 'log', number }).read(files.blocks(name));
    let next = 0;
    for (;;) {
      const record = onFile(name, () => records.next());
      if (record.done === true) {
        newest = record.value;
        break;
      }
      const batch = onFile(name, () => ascending(readBatch(record.value.payload, kinds, visit), next));
      next = batch.sequence + batch.count;
      nextSequence = Math.max(nextSequence, next);
      yield;
    }
    onFile(name, () => refuseBadEnd(newest, number === liveLogs.at(-1)));
  }
  return { nextSequence, newest };
}

/** Pebble passes over a batch that does not come behind the one before. */
function ascending(batch: Batch, from: number): Batch {
  if (batch.sequence < from)
    throw new PebbleRefusal('log', `sequence number ${batch.sequence} behind ${from}`);
  return batch;
}

function refuseBadEnd(end: RecordEnd, isNewest: boolean): void {
  if (end.kind !== 'broken') return;
  if (!isNewest) throw new PebbleRefusal('log', `an older log does not end cleanly: ${end.problem}`);
  if (end.follows === null) return;
  const found = `damage inside a log: ${end.problem}, whole records follow at ${end.follows}`;
  throw new PebbleRefusal('log', found);
}
