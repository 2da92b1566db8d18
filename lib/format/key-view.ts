/** Keys of records, seen where they lie, without a copy. */
import { keyLengthAt, keyStart } from './key-records.ts';

/**
 * A view of a key that costs a fraction of Buffer.subarray(): a typed array with Buffer's methods, made without
 * Buffer's own constructor. A walk with a filter makes ten million of them.
 */
export const KeyView = class extends Uint8Array {} as unknown as new (
  memory: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;
Object.setPrototypeOf((KeyView as unknown as { prototype: object }).prototype, Buffer.prototype);

/** The key of the record at `at`, as such a view. */
export function keyViewAt(buffer: Buffer, at: number): Buffer {
  return new KeyView(buffer.buffer, buffer.byteOffset + keyStart(at), keyLengthAt(buffer, at));
}
