/**
 * A view of a key that costs a fraction of Buffer.subarray(): a typed array with Buffer's methods, made without
 * Buffer's own construction path. Ten million of them a walk are the price of a user's filter.
 */
export const KeyView = class extends Uint8Array {} as unknown as new (
  memory: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;
Object.setPrototypeOf((KeyView as unknown as { prototype: object }).prototype, Buffer.prototype);
