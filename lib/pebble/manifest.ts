/** The MANIFEST: which tables and logs live, and the numbers that come next. */
import { Cursor } from './cursor.ts';
import { COMPARER } from './options.ts';
import { RecordReader, refuseBroken } from './record-reader.ts';
import { PebbleRefusal } from './refusal.ts';

/** A MANIFEST of LittDB's stores has some kilobytes; one that Pebble has grown is rewritten at 128 MB (bytes). */
export const MAX_MANIFEST_BYTES = 160 * 1024 * 1024;

const LEVELS = 7;
/** Behind a key: sequence number and kind (bytes). */
const KEY_TRAILER = 8;

const TAG = {
  comparer: 1,
  minUnflushedLog: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactionPointer: 5,
  deletedTable: 6,
  newTable: 7,
  previousLog: 9,
  newTable2: 100,
  newTable3: 102,
  newTable4: 103,
  newTable5: 104,
  backingTable: 105,
  removedBackingTable: 106,
  blobFile: 107,
  removedBlobFile: 108,
} as const;

const CUSTOM = {
  end: 1,
  needsCompaction: 2,
  creationTime: 6,
  virtual: 66,
  prefix: 67,
  suffix: 68,
  blobs: 69,
} as const;
/** A custom tag with this bit must be understood. */
const MUST_UNDERSTAND = 64;

/** A live table. Keys are without their trailers. */
export interface LiveTable {
  readonly level: number;
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly smallest: Buffer;
  readonly largest: Buffer;
  readonly smallestSequence: number;
  readonly largestSequence: number;
}

/** What a MANIFEST says at its end. */
export interface Manifest {
  /** Logs with this number or a higher one live; 0 where none was said. */
  readonly minUnflushedLog: number;
  readonly nextFileNumber: number;
  readonly lastSequence: number;
  /** By number. */
  readonly tables: ReadonlyMap<number, LiveTable>;
}

/**
 * Reads a MANIFEST.
 * @throws PebbleRefusal manifest
 */
export function readManifest(blocks: Iterable<Buffer>): Manifest {
  const reader = new RecordReader({ of: 'manifest' }).read(blocks);
  const edits = new Edits();
  let records = 0;
  for (;;) {
    const next = reader.next();
    if (next.done === true) {
      refuseBroken(next.value, 'manifest');
      break;
    }
    edits.take(new Cursor(next.value.payload, 'manifest'));
    records++;
  }
  if (records === 0) throw refusal('MANIFEST is empty');
  return edits.result();
}

/** Version edits, one after the other. */
class Edits {
  private hasComparer = false;
  private minUnflushedLog = 0;
  private nextFileNumber = 0;
  private lastSequence = 0;
  private readonly tables = new Map<number, LiveTable>();

  take(cursor: Cursor): void {
    while (cursor.left > 0) this.takeField(cursor.varint(), cursor);
  }

  result(): Manifest {
    if (!this.hasComparer) throw refusal('comparer');
    const { minUnflushedLog, nextFileNumber, lastSequence, tables } = this;
    return { minUnflushedLog, nextFileNumber, lastSequence, tables };
  }

  private takeField(tag: number, cursor: Cursor): void {
    switch (tag) {
      case TAG.comparer:
        if (cursor.string().toString('latin1') !== COMPARER) throw refusal('comparer');
        this.hasComparer = true;
        return;
      // Of these three the last one that is not 0 counts.
      case TAG.minUnflushedLog:
        this.minUnflushedLog = cursor.varint() || this.minUnflushedLog;
        return;
      case TAG.nextFileNumber:
        this.nextFileNumber = cursor.varint() || this.nextFileNumber;
        return;
      case TAG.lastSequence:
        this.lastSequence = cursor.varint() || this.lastSequence;
        return;
      case TAG.compactionPointer:
        levelOf(cursor);
        cursor.skipString();
        return;
      case TAG.previousLog:
        cursor.varint();
        return;
      case TAG.deletedTable:
        this.remove(levelOf(cursor), cursor.varint());
        return;
      case TAG.newTable:
      case TAG.newTable2:
      case TAG.newTable3:
      case TAG.newTable4:
        this.add(readTable(tag, cursor));
        return;
      case TAG.newTable5:
        throw refusal('range keys');
      case TAG.backingTable:
      case TAG.removedBackingTable:
        throw refusal('backing table');
      case TAG.blobFile:
      case TAG.removedBlobFile:
        throw refusal('blob file');
      default:
        throw refusal(`MANIFEST tag ${tag}`);
    }
  }

  private remove(level: number, number: number): void {
    if (this.tables.get(number)?.level !== level) throw refusal('MANIFEST deletes an unknown table');
    this.tables.delete(number);
  }

  private add(table: LiveTable): void {
    if (this.tables.has(table.number)) throw refusal('MANIFEST adds a table twice');
    this.tables.set(table.number, table);
  }
}

function readTable(tag: number, cursor: Cursor): LiveTable {
  const level = levelOf(cursor);
  const number = cursor.varint();
  if (tag === TAG.newTable3) cursor.varint();
  const size = cursor.varint();
  const smallest = userKey(cursor);
  const largest = userKey(cursor);
  const hasSequences = tag !== TAG.newTable;
  const smallestSequence = hasSequences ? cursor.varint() : 0;
  const largestSequence = hasSequences ? cursor.varint() : 0;
  if (tag === TAG.newTable4) skipCustomFields(cursor);
  return { level, number, size, smallest, largest, smallestSequence, largestSequence };
}

function skipCustomFields(cursor: Cursor): void {
  for (;;) {
    const tag = cursor.varint();
    switch (tag) {
      case CUSTOM.end:
        return;
      case CUSTOM.virtual:
      case CUSTOM.prefix:
      case CUSTOM.suffix:
        throw refusal('virtual table');
      case CUSTOM.blobs:
        throw refusal('blob reference');
      default:
        if ((tag & MUST_UNDERSTAND) !== 0) throw refusal(`MANIFEST custom tag ${tag}`);
        cursor.skipString();
    }
  }
}

function levelOf(cursor: Cursor): number {
  const level = cursor.varint();
  if (level >= LEVELS) throw refusal('MANIFEST level');
  return level;
}

/** A copy: the record's bytes are good only until the next one. */
function userKey(cursor: Cursor): Buffer {
  const key = cursor.string();
  if (key.length < KEY_TRAILER) throw refusal('a key without its trailer');
  return Buffer.from(key.subarray(0, key.length - KEY_TRAILER));
}

function refusal(found: string): PebbleRefusal {
  return new PebbleRefusal('manifest', found);
}
