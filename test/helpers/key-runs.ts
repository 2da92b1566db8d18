/** Runs of records with any keys, for tests of what keys mean. */
import fc from 'fast-check';
import type { KeyRun } from '../../lib/format/key-records.ts';
import { record } from './bytes.ts';

/** A kind and a key. */
export interface RawRecord {
  readonly kind: number;
  readonly key: Buffer;
}

/** The records as a run whose buffer begins `lead` bytes before the first. */
export function runOf(records: readonly RawRecord[], lead = 0): KeyRun {
  const bytes = records.map((r) => record({ ...r, segment: 7, offset: 1, shard: 0, size: 3 }));
  const offsets = new Int32Array(records.length + 3);
  let at = lead;
  bytes.forEach((b, i) => {
    offsets[i] = at;
    at += b.length;
  });
  return { buffer: Buffer.concat([Buffer.alloc(lead), ...bytes]), offsets, count: records.length };
}

/** Keys that nearly fit, and others. */
const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc
    .tuple(fc.constantFrom(...'abhpqx'), fc.uint8Array({ minLength: 7, maxLength: 9 }))
    .map(([letter, rest]) => Buffer.concat([Buffer.from(letter), rest])),
);

/** A record of any kind with such a key. */
export const rawRecord = fc.record({
  kind: fc.integer({ min: 0, max: 3 }),
  key: key.map((k) => Buffer.from(k)),
});
