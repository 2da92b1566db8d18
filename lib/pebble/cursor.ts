/** Reads fields from bytes, one after the other, and never past their end. */
import { type PebbleCode, PebbleRefusal } from './refusal.ts';

/** A varint of 64 bits has at most this many bytes. */
const MAX_VARINT_BYTES = 10;
/** The tenth byte holds the one bit that is left of 64. */
const LAST_BYTE_MAX = 1;

/** Reads bytes from front to back; what does not fit is refused with the code of the file that is read. */
export class Cursor {
  constructor(
    readonly bytes: Buffer,
    private readonly code: PebbleCode,
    /** The next byte. */
    public at = 0,
    private readonly end = bytes.length,
  ) {}

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  /** One byte. @throws PebbleRefusal */
  byte(): number {
    if (this.at >= this.end) throw this.refusal('byte past the end');
    return this.bytes[this.at++] as number;
  }

  /** A varint below 2^64. @throws PebbleRefusal */
  bigVarint(): bigint {
    let value = 0n;
    for (let i = 0; ; i++) {
      if (this.at >= this.end) throw this.refusal('varint past the end');
      const byte = this.bytes[this.at++] as number;
      if (i === MAX_VARINT_BYTES - 1 && byte > LAST_BYTE_MAX) throw this.refusal('varint too long');
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) return value;
    }
  }

  /** A varint up to 2^53 - 1. @throws PebbleRefusal */
  varint(): number {
    // Most are lengths of one byte: they cost no bigint.
    const first = this.at < this.end ? (this.bytes[this.at] as number) : 0x80;
    if (first < 0x80) {
      this.at++;
      return first;
    }
    const value = this.bigVarint();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.refusal('number too large');
    return Number(value);
  }

  /** Passes over a string and returns its length: its bytes end at `at`. @throws PebbleRefusal */
  skipString(): number {
    const length = this.varint();
    if (length > this.left) throw this.refusal('string past the end');
    this.at += length;
    return length;
  }

  /** A string, as a view. @throws PebbleRefusal */
  string(): Buffer {
    const length = this.skipString();
    return this.bytes.subarray(this.at - length, this.at);
  }

  private refusal(found: string): PebbleRefusal {
    return new PebbleRefusal(this.code, found);
  }
}

/** The bytes of a varint. */
export function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** A string: its length as a varint, then its bytes. */
export function encodeString(bytes: Uint8Array): Buffer {
  return Buffer.concat([encodeVarint(bytes.length), bytes]);
}
