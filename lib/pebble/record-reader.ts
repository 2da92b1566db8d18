/**
 * Records of a MANIFEST or of a log: chunks in blocks of 32 KiB, each with its checksum.
 *
 * A log of a killed engine ends somewhere. Pebble then goes on with what comes before the first chunk that is short,
 * zero, of another log or wrong: the reader ends at the same place and says so (`broken`). Whole chunks of the same
 * log behind that place mean damage inside, which Pebble would pass over in silence (`follows`). What Pebble reads
 * otherwise than this reader is refused.
 */
import { storedCrc } from './crc.ts';
import { type PebbleCode, PebbleRefusal } from './refusal.ts';

/** Chunks never cross the end of a block (bytes). */
export const BLOCK_BYTES = 32 * 1024;
/** A header without a log number: checksum, length, type (bytes). A chunk never has fewer bytes. */
const SHORT_HEADER = 7;
/** The same with the log's number (bytes). */
export const LOG_HEADER = 11;
/** A record is held whole: more is refused (bytes). */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** Types of chunks come in groups of four: full, first, middle, last. */
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;
const TYPES_OF_A_KIND = 4;
/** The highest type that Pebble knows. */
const MAX_TYPE = 12;

/** A log's number in its chunks is its low half. */
export const lowHalf = (number: number): number => number % 2 ** 32;

/** How the chunks of a file look. */
export type Framing = { readonly of: 'manifest' } | { readonly of: 'log'; readonly number: number };

/**
 * How a file ends: with its trailer, behind a whole chunk, or at a chunk that is none. `valid` is the end of the last
 * whole record (bytes).
 */
export type RecordEnd =
  | { readonly kind: 'trailer' | 'bare'; readonly valid: number }
  | {
      readonly kind: 'broken';
      readonly valid: number;
      readonly problem: string;
      /** Where a whole chunk of the same file lies behind the broken one; null when there is none. */
      readonly follows: number | null;
    };

/** A record; `payload` may be a view that is good until the next one. */
export interface RecordAt {
  readonly payload: Buffer;
  /** Where it ends in the file (bytes). */
  readonly end: number;
}

interface Chunk {
  readonly position: number;
  readonly start: number;
  readonly end: number;
}

/** Ends the reading of a file where no further chunk is. */
interface Stop {
  readonly stop: 'trailer' | 'bare' | 'broken';
  readonly problem: string;
}

/** Reads the blocks of one file. All of them have 32 KiB, but for the last. */
export class RecordReader {
  private readonly headerBytes: number;
  private readonly code: PebbleCode;
  private readonly firstType: number;
  private readonly number: number;
  private block: Buffer = Buffer.alloc(0);
  private blockStart = 0;
  private at = 0;

  constructor(framing: Framing) {
    const isLog = framing.of === 'log';
    this.headerBytes = isLog ? LOG_HEADER : SHORT_HEADER;
    this.code = isLog ? 'log' : 'manifest';
    this.firstType = isLog ? 1 + TYPES_OF_A_KIND : 1;
    this.number = isLog ? lowHalf(framing.number) : -1;
  }

  /**
   * The records, in order. Every block is taken from `blocks`, also behind the end, where chunks are looked for.
   * @throws PebbleRefusal log or manifest: chunks that Pebble reads otherwise, or that it never writes
   */
  *read(blocks: Iterable<Buffer>): Generator<RecordAt, RecordEnd, void> {
    const source = blocks[Symbol.iterator]();
    let parts: Buffer[] | null = null;
    let bytes = 0;
    let valid = 0;
    for (;;) {
      const chunk = this.nextChunk(source, parts === null);
      if ('stop' in chunk) return this.ended(chunk, parts !== null, valid, source);
      const { position, start, end } = chunk;
      if (parts === null && position !== FULL && position !== FIRST)
        throw this.refusal(`continuation without start at ${this.place(start)}`);
      if (parts !== null && position !== MIDDLE && position !== LAST)
        throw this.refusal(`start inside a record at ${this.place(start)}`);
      const payload = this.block.subarray(start, end);
      if (position === FULL) {
        valid = this.blockStart + end;
        yield { payload, end: valid };
        continue;
      }
      bytes += payload.length;
      if (bytes > MAX_RECORD_BYTES) throw this.refusal('a record is too large');
      // The next block may come in the same buffer.
      const sofar: Buffer[] = parts ?? [];
      sofar.push(Buffer.from(payload));
      parts = sofar;
      if (position !== LAST) continue;
      valid = this.blockStart + end;
      yield { payload: Buffer.concat(sofar, bytes), end: valid };
      parts = null;
      bytes = 0;
    }
  }

  private ended(stop: Stop, isInside: boolean, valid: number, source: Iterator<Buffer>): RecordEnd {
    if (stop.stop === 'trailer') return { kind: 'trailer', valid };
    if (stop.stop === 'bare' && !isInside) return { kind: 'bare', valid };
    const problem = stop.stop === 'bare' ? 'file ends inside a record' : stop.problem;
    return { kind: 'broken', valid, problem, follows: this.chunkBehind(source) };
  }

  /** The next chunk, or how the file ends. */
  private nextChunk(source: Iterator<Buffer>, mayEnd: boolean): Chunk | Stop {
    for (;;) {
      const left = this.block.length - this.at;
      const isWhole = this.block.length === BLOCK_BYTES;
      if (left >= this.headerBytes || (!isWhole && left >= SHORT_HEADER)) return this.chunkHere(mayEnd);
      if (!isWhole && left > 0) return broken('stray bytes at the end of the file');
      if (this.block.subarray(this.at).some((byte) => byte !== 0))
        throw this.refusal(`the end of a block is not empty at ${this.place(this.at + this.headerBytes)}`);
      if (!this.load(source)) return { stop: 'bare', problem: '' };
    }
  }

  private load(source: Iterator<Buffer>): boolean {
    if (this.block.length > 0 && this.block.length < BLOCK_BYTES) return false;
    const next = source.next();
    if (next.done === true || next.value.length === 0) return false;
    this.blockStart += this.block.length;
    this.block = next.value;
    this.at = 0;
    return true;
  }

  private chunkHere(mayEnd: boolean): Chunk | Stop {
    const { block, at, headerBytes } = this;
    const place = this.blockStart + at;
    const type = block[at + 6] as number;
    const sum = block.readUInt32LE(at);
    const length = block.readUInt16LE(at + 4);
    if (sum === 0 && length === 0 && type === 0) return broken(`zeroed chunk at ${place}`);
    if (type === 0 || type > MAX_TYPE) return broken(`chunk type ${type} at ${place}`);
    const position = type - this.firstType + 1;
    if (position < FULL || position > LAST) throw this.refusal(`unexpected chunk format ${type} at ${place}`);
    const start = at + headerBytes;
    if (start > block.length) return broken(`chunk header crosses block/file end at ${place}`);
    if (this.code === 'log') {
      const number = block.readUInt32LE(at + SHORT_HEADER);
      const isNext = number === lowHalf(this.number + 1);
      if (mayEnd && isNext && sum === 0 && length === 0 && position === FULL)
        return { stop: 'trailer', problem: '' };
      if (number !== this.number) return broken(`chunk of another log (${number}) at ${place}`);
    }
    const end = start + length;
    if (end > block.length) return broken(`chunk crosses block/file end at ${place}`);
    if (storedCrc(block, at + 6, end) !== sum) return broken(`chunk checksum at ${place}`);
    this.at = end;
    return { position, start, end };
  }

  /**
   * The first whole chunk of this file behind the place where the reading stopped: at the beginning of a later block,
   * or where the lengths of the broken chunks lead.
   */
  private chunkBehind(source: Iterator<Buffer>): number | null {
    for (;;) {
      while (this.at + this.headerBytes <= this.block.length) {
        if (this.isOwnChunk()) return this.blockStart + this.at;
        this.at += this.headerBytes + this.block.readUInt16LE(this.at + 4);
      }
      if (!this.load(source)) return null;
    }
  }

  private isOwnChunk(): boolean {
    const { block, at, headerBytes, firstType } = this;
    const type = block[at + 6] as number;
    const end = at + headerBytes + block.readUInt16LE(at + 4);
    if (type < firstType || type >= firstType + TYPES_OF_A_KIND || end > block.length) return false;
    if (this.code === 'log' && block.readUInt32LE(at + SHORT_HEADER) !== this.number) return false;
    return storedCrc(block, at + 6, end) === block.readUInt32LE(at);
  }

  private place(start: number): number {
    return this.blockStart + start - this.headerBytes;
  }

  private refusal(found: string): PebbleRefusal {
    return new PebbleRefusal(this.code, found);
  }
}

function broken(problem: string): Stop {
  return { stop: 'broken', problem };
}

/**
 * Refuses a file that does not end cleanly.
 * @throws PebbleRefusal
 */
export function refuseBroken(end: RecordEnd, code: 'log' | 'manifest'): void {
  if (end.kind === 'broken') throw new PebbleRefusal(code, end.problem);
}
