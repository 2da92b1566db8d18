/**
 * Keys of a log-index. Tags: `t`, height, kind, tag, place of the log, hash; without a value. Two heights besides:
 * `m:latest` and `m:earliest`. Another family belongs to another store, whose heights are not known here.
 */
import { KIND, type Operation } from '../pebble/batch.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import type { StoreRules } from '../pebble/store.ts';

/** The newest and the oldest height, as the node believes them. */
export const NEWEST = 'm:latest';
export const OLDEST = 'm:earliest';

/** Every tag begins with it; ranges of tags end at the next letter, or at a tag. */
const TAG = 't';
const BEHIND_TAGS = 'u';
/** Begins both heights. */
export const META = 'm:';

/** What a log-index is: format 016; sets, and the ranges that pruning deletes. */
export const LOG_INDEX_RULES: StoreRules = {
  formatVersion: '016',
  kinds: new Set([KIND.set, KIND.rangeDelete]),
};

const HEIGHT_BYTES = 8;
const KIND_AT = 1 + HEIGHT_BYTES;
/** `t`, height, kind; then the tag: an address of 20 bytes, or a topic of 32; then two u32 and a hash of 32. */
const ADDRESS_KEY_BYTES = KIND_AT + 1 + 20 + 4 + 4 + 32;
const TOPIC_KEY_BYTES = KIND_AT + 1 + 32 + 4 + 4 + 32;

const startsWith = (key: Buffer, text: string): boolean =>
  key.subarray(0, text.length).toString('latin1') === text;

/** Which height a key holds; null for a tag. @throws PebbleRefusal log: another key */
export function metaKey(key: Buffer): typeof NEWEST | typeof OLDEST | null {
  if (key[0] === TAG.charCodeAt(0)) return null;
  const text = key.toString('latin1');
  if (text === NEWEST || text === OLDEST) return text;
  throw new PebbleRefusal('log', `a key that is not of a log-index: ${key.subarray(0, 16).toString('hex')}`);
}

/** A height as a value. @throws PebbleRefusal log */
export function heightIn(value: Buffer): bigint {
  if (value.length !== HEIGHT_BYTES) throw new PebbleRefusal('log', `a height of ${value.length} bytes`);
  return value.readBigUInt64BE(0);
}

/** A height as it stands in keys and values. */
export function heightBytes(height: bigint): Buffer {
  const bytes = Buffer.alloc(HEIGHT_BYTES);
  bytes.writeBigUInt64BE(height);
  return bytes;
}

/** The range of all tags above a height. */
export function tagsAbove(height: bigint): readonly [from: Buffer, to: Buffer] {
  return [Buffer.concat([Buffer.from(TAG), heightBytes(height + 1n)]), Buffer.from(BEHIND_TAGS)];
}

/**
 * Looks at an operation of a log.
 * @returns the height that it sets, with its key; null for tags
 * @throws PebbleRefusal log: a key or value that no log-index has
 */
export function heightSetBy({ kind, key, second }: Operation): { key: string; height: bigint } | null {
  const value = second ?? Buffer.alloc(0);
  if (kind === KIND.rangeDelete) {
    const isOfTags =
      startsWith(key, TAG) && (startsWith(value, TAG) || value.toString('latin1') === BEHIND_TAGS);
    if (!isOfTags) throw new PebbleRefusal('log', 'a range that is not of tags');
    return null;
  }
  const meta = metaKey(key);
  if (meta !== null) return { key: meta, height: heightIn(value) };
  const bytes = key[KIND_AT] === 0 ? ADDRESS_KEY_BYTES : TOPIC_KEY_BYTES;
  if (key.length !== bytes || value.length > 0)
    throw new PebbleRefusal('log', `a tag of ${key.length} bytes with ${value.length} bytes of value`);
  return null;
}

/** Whether a bound of a table is one that a log-index has. */
export function isBound(key: Buffer): boolean {
  return startsWith(key, TAG) || startsWith(key, META) || key.toString('latin1') === BEHIND_TAGS;
}

/** Whether a table may hold one of the two heights: they come before every tag. */
export function mayHoldHeights(smallest: Buffer): boolean {
  return startsWith(smallest, META);
}
