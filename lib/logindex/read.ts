/** Reads a log-index: its newest and oldest height, and what one more record in its logs needs. */
import { KIND } from '../pebble/batch.ts';
import { formatNumber } from '../pebble/names.ts';
import type { RecordEnd } from '../pebble/record-reader.ts';
import { onFile, PebbleRefusal } from '../pebble/refusal.ts';
import { type PebbleFiles, type PebbleStore, readLogs, readStore } from '../pebble/store.ts';
import { Table } from '../pebble/table.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { breatheSometimes } from '../store/reading.ts';
import { pebbleFiles } from './files.ts';
import {
  heightIn,
  heightSetBy,
  isBound,
  LOG_INDEX_RULES,
  META,
  mayHoldHeights,
  metaKey,
  NEWEST,
  OLDEST,
} from './keys.ts';

/** A log-index, read. */
export interface LogIndexState {
  /** `m:latest`; 0 where there is none. */
  readonly newest: bigint;
  /** `m:earliest`; 0 where there is none. */
  readonly oldest: bigint;
  /** Above all sequence numbers in it. */
  readonly nextSequence: number;
  /** The number for one more log. */
  readonly nextLog: number;
  /** The newest log, and how it ends. */
  readonly newestLog: { readonly number: number; readonly size: number; readonly end: RecordEnd };
}

/** Records between two chances for other work to run. */
const RECORDS_AT_ONCE = 1000;

/**
 * Reads a log-index while other work may run.
 * @throws PebbleRefusal when anything in it is not known for certain; RollbackError ERR_IO,
 * ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function readLogIndex(fs: DurableFs, dir: string, signal?: AbortSignal): Promise<LogIndexState> {
  const reading = stepsOfReading(pebbleFiles(fs, dir));
  for (let records = 0; ; records++) {
    const next = reading.next();
    if (next.done === true) return next.value;
    if (records % RECORDS_AT_ONCE === 0) await breatheSometimes(signal);
  }
}

/** The heights with the highest sequence numbers so far. */
class Heights {
  private readonly found = new Map<string, { readonly height: bigint; readonly sequence: number }>();

  take(key: string, height: bigint, sequence: number): void {
    const known = this.found.get(key);
    if (known !== undefined && known.sequence === sequence && known.height !== height)
      throw new PebbleRefusal('table-files', `two values of ${key} with one sequence number`);
    if (known === undefined || known.sequence < sequence) this.found.set(key, { height, sequence });
  }

  of(key: string): bigint {
    return this.found.get(key)?.height ?? 0n;
  }
}

function* stepsOfReading(files: PebbleFiles): Generator<void, LogIndexState, void> {
  const store = readStore(files, LOG_INDEX_RULES);
  const heights = new Heights();
  readTables(files, store, heights);
  const { nextSequence, newest: end } = yield* readLogs(files, store, LOG_INDEX_RULES, (operation) => {
    const set = heightSetBy(operation);
    if (set !== null) heights.take(set.key, set.height, operation.sequence);
  });
  const number = store.liveLogs.at(-1) as number;
  return {
    newest: heights.of(NEWEST),
    oldest: heights.of(OLDEST),
    nextSequence,
    nextLog: store.nextLog,
    newestLog: { number, size: files.sizes.get(`${formatNumber(number)}.log`) ?? 0, end },
  };
}

/** Of the tables only those are opened that may hold one of the two heights. */
function readTables(files: PebbleFiles, { manifest }: PebbleStore, heights: Heights): void {
  for (const { number, smallest, largest } of manifest.tables.values()) {
    const name = `${formatNumber(number)}.sst`;
    onFile(name, () => {
      if (!isBound(smallest) || !isBound(largest))
        throw new PebbleRefusal('table-files', 'keys that are not of a log-index');
      if (mayHoldHeights(smallest)) readFirstKeys(Table.open(files.open(name)), largest, heights);
    });
  }
}

function readFirstKeys(table: Table, largest: Buffer, heights: Heights): void {
  const entries = table.firstEntries();
  for (const { key, kind, sequence, value } of entries) {
    const meta = metaKey(key);
    if (meta === null) return;
    if (kind !== KIND.set) throw new PebbleRefusal('table-files', `kind ${kind} of ${meta}`);
    heights.take(meta, heightIn(value), sequence);
  }
  // Only keys of this family: there could be more of them in the next block.
  if (!largest.subarray(0, META.length).equals(Buffer.from(META)))
    throw new PebbleRefusal('table-files', 'heights beyond the first block');
}
