/** Segment numbers written as decimal text: the shared half of gc-watermark and the boundary files. */
import { RollbackError } from '../errors.ts';
import { trimSpace } from './trim-space.ts';

/** Largest unsigned 32-bit number: the engine counts segments, offsets and sizes in this type. */
export const MAX_U32 = 0xffff_ffff;

/** Bytes that a small number file may have; a longer one does not hold a number, however it is padded. */
export const MAX_NUMBER_FILE_SIZE = 4096;

/**
 * Reads a decimal number in 0..2^32-1, white space around it allowed; null for anything else. The engine is
 * laxer (signs, and values taken modulo 2^32): nothing correct is written that way, so it is not accepted.
 */
export function parseDecimalU32(bytes: Uint8Array): number | null {
  if (bytes.length > MAX_NUMBER_FILE_SIZE) return null;
  const text = trimSpace(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
  if (!/^[0-9]+$/.test(text)) return null;
  const value = Number(text);
  return value <= MAX_U32 ? value : null;
}

/** The bytes that the engine writes for a segment number: decimal and a newline. ERR_DEFECT outside u32. */
export function formatDecimalU32(value: number, what: string): Buffer {
  if (!Number.isInteger(value) || value < 0 || value > MAX_U32) {
    throw new RollbackError('ERR_DEFECT', { what: `A ${what} of ${value} does not fit 32 bits` });
  }
  return Buffer.from(`${value}\n`);
}
