/** What a rollback goes back to, and how each kind of target is looked for in a batch of records. */

import {
  type BatchMatcher,
  keyLengthAt,
  keyOf,
  type RecordBatch,
  recordNumber,
} from '../../streams/record-batch.ts';
import { RollbackError } from '../errors.ts';
import { KIND } from '../format/key-records.ts';
import { formatKey } from '../format/printable.ts';
import type { RollbackFilter } from '../types.ts';

/** A target. Keys are raw bytes. */
export type Target =
  | { readonly kind: 'filter'; readonly filter: RollbackFilter; readonly name?: string | undefined }
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | {
      readonly kind: 'keys';
      readonly keys: Readonly<Record<string, readonly Uint8Array[]>>;
      readonly name?: string | undefined;
    }
  | { readonly kind: 'drop-last'; readonly groups: number };

/** The target in words: "the newest record with key …". */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case 'filter':
      return `the newest record that ${target.name ?? 'the filter'} accepts`;
    case 'key':
      return `the newest record with key ${formatKey(target.key)}`;
    case 'keys':
      return `the newest record of each table whose key ${target.name ?? 'the list'} names`;
    case 'drop-last':
      return `the newest ${target.groups} group${target.groups === 1 ? '' : 's'} of each table removed`;
  }
}

/**
 * A matcher for one table; it may hold state, so each walk needs its own.
 * @throws RollbackError ERR_USAGE for a target that makes no sense
 */
export function matcherFor(target: Target, table: string): BatchMatcher {
  switch (target.kind) {
    case 'filter':
      return filterMatcher(target.filter, table);
    case 'key':
      return keyMatcher(Buffer.from(target.key));
    case 'keys':
      return keySetMatcher(Object.hasOwn(target.keys, table) ? (target.keys[table] ?? []) : []);
    case 'drop-last':
      return dropLastMatcher(target.groups);
  }
}

/** @throws RollbackError ERR_USAGE; ERR_TABLE_UNKNOWN when the target names a table that the database lacks */
export function checkTarget(target: Target, tables: readonly string[]): void {
  if (target.kind === 'drop-last' && !(Number.isSafeInteger(target.groups) && target.groups >= 0)) {
    throw new RollbackError('ERR_USAGE', {
      what: `Cannot remove ${target.groups} groups: pass a whole number`,
    });
  }
  if (target.kind === 'filter' && typeof target.filter !== 'function') {
    throw new RollbackError('ERR_USAGE', {
      what: 'The filter is not a function',
      next: 'Pass (table, key, isPrimary) => boolean',
    });
  }
  if (target.kind !== 'keys') return;
  const unknown = Object.keys(target.keys).filter((t) => !tables.includes(t));
  if (unknown.length === 0) return;
  throw new RollbackError('ERR_TABLE_UNKNOWN', {
    what: `The list of keys names ${unknown.join(', ')}, and the database has ${tables.join(', ') || 'no table'}`,
    why: 'A misspelt table would be treated as one in which nothing matches',
    next: 'Correct the names in the list',
  });
}

/**
 * A view of a key that costs a fraction of Buffer.subarray(): a typed array with Buffer's methods, made
 * without Buffer's own construction path. Ten million of them a walk are the price of a user's filter.
 */
const KeyView = class extends Uint8Array {} as unknown as new (
  memory: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;
Object.setPrototypeOf((KeyView as unknown as { prototype: object }).prototype, Buffer.prototype);

function filterMatcher(filter: RollbackFilter, table: string): BatchMatcher {
  return (batch) => {
    const { buffer, offsets } = batch;
    const memory = buffer.buffer;
    const keyStart = buffer.byteOffset + 3;
    for (let i = batch.count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      const key = new KeyView(memory, keyStart + at, keyLengthAt(buffer, at));
      const isPrimary = (buffer[at] as number) <= KIND.primary;
      let accepted: unknown;
      try {
        accepted = filter(table, key, isPrimary);
      } catch (error) {
        throw filterFailed(batch, i, table, `The filter threw: ${String(error)}`, error);
      }
      if (accepted === true) return i;
      if (accepted !== false) {
        const what = `The filter returned ${describeValue(accepted)} instead of true or false`;
        throw filterFailed(batch, i, table, what);
      }
    }
    return -1;
  };
}

function describeValue(value: unknown): string {
  if (value instanceof Promise) return 'a promise (it must not be async)';
  return value === null ? 'null' : typeof value;
}

function filterFailed(
  batch: RecordBatch,
  i: number,
  table: string,
  what: string,
  cause?: unknown,
): RollbackError {
  const segment = batch.at.segment;
  return new RollbackError(
    'ERR_FILTER_FAILED',
    { what, why: `It was asked about key ${formatKey(keyOf(batch, i))}`, next: 'Correct the filter' },
    {
      table,
      segment: segment.index,
      record: recordNumber(batch, i),
      path: segment.keys.path,
      offset: batch.base + (batch.offsets[i] as number),
    },
    cause,
  );
}

/** Compares from the last byte on: keys of one table often begin alike, and a mismatch then shows at once. */
function keyMatcher(key: Buffer): BatchMatcher {
  const { length } = key;
  return (batch) => {
    const { buffer, offsets } = batch;
    for (let i = batch.count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      if (keyLengthAt(buffer, at) !== length) continue;
      let k = length - 1;
      while (k >= 0 && buffer[at + 3 + k] === key[k]) k--;
      if (k < 0) return i;
    }
    return -1;
  };
}

function keySetMatcher(keys: readonly Uint8Array[]): BatchMatcher {
  const wanted = new Set(keys.map((k) => Buffer.from(k).toString('latin1')));
  const lengths = new Set(keys.map((k) => k.length));
  if (wanted.size === 0) return () => -1;
  if (wanted.size === 1) return keyMatcher(Buffer.from(keys[0] as Uint8Array));
  return (batch) => {
    const { buffer, offsets } = batch;
    for (let i = batch.count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      const length = keyLengthAt(buffer, at);
      if (lengths.has(length) && wanted.has(buffer.toString('latin1', at + 3, at + 3 + length))) return i;
    }
    return -1;
  };
}

/** Accepts the first record behind the newest `groups` primaries: the end of the newest group that stays. */
function dropLastMatcher(groups: number): BatchMatcher {
  let seen = 0;
  return (batch) => {
    for (let i = batch.count - 1; i >= 0; i--) {
      if (seen === groups) return i;
      if ((batch.buffer[batch.offsets[i] as number] as number) <= KIND.primary) seen++;
    }
    return -1;
  };
}
