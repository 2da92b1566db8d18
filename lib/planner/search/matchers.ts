/** Matchers for the targets that test one record after the other. */

import { type BatchMatcher, keyOf, type RecordBatch, recordNumber } from '../../../streams/record-batch.ts';
import { RollbackError } from '../../errors.ts';
import { isPrimaryAt, type KeyRun, keyLengthAt, keyStart } from '../../format/key-records.ts';
import { KeyView } from '../../format/key-view.ts';
import { formatKey } from '../../format/printable.ts';
import { ignoreRejection, isThenable, wordsOf } from '../../input/callbacks.ts';
import { viewOf } from '../../store/reading.ts';
import type { RollbackFilter } from '../../types.ts';
import { callUserCode } from '../../user-code.ts';
import type { KeyTarget, RecordTarget } from '../target.ts';

/** Finds the newest record of a run whose key is wanted; -1 for none. Stateless. */
export type KeyMatcher = (run: KeyRun) => number;

/** A matcher for one table; it may hold state, so each walk needs its own. */
export function matcherFor(target: RecordTarget, table: string): BatchMatcher {
  switch (target.kind) {
    case 'filter':
      return filterMatcher(target.filter, table);
    case 'drop-last':
      return dropLastMatcher(target.groups);
    default:
      return keyMatcher(keysFor(target, table));
  }
}

/** The wanted keys of one table. */
export function keysFor(target: KeyTarget, table: string): readonly Uint8Array[] {
  if (target.kind === 'key') return [target.key];
  return Object.hasOwn(target.keys, table) ? (target.keys[table] ?? []) : [];
}

/** A matcher for some keys. */
export function keyMatcher(keys: readonly Uint8Array[]): KeyMatcher {
  const [first, ...others] = keys;
  if (first === undefined) return () => -1;
  return others.length === 0 ? oneKeyMatcher(Buffer.from(first)) : keySetMatcher(keys);
}

function filterMatcher(filter: RollbackFilter, table: string): BatchMatcher {
  const match: BatchMatcher = (batch) => {
    const { buffer, offsets } = batch;
    const memory = buffer.buffer;
    const { byteOffset } = buffer;
    for (let i = batch.count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      const key = new KeyView(memory, byteOffset + keyStart(at), keyLengthAt(buffer, at));
      const isPrimary = isPrimaryAt(buffer, at);
      let accepted: unknown;
      try {
        accepted = filter(table, key, isPrimary);
      } catch (error) {
        throw filterFailedError(batch, i, table, `The filter threw: ${wordsOf(error)}`, error);
      }
      if (accepted === true) return i;
      if (accepted !== false) {
        if (isThenable(accepted)) ignoreRejection(accepted);
        const what = `The filter returned ${describeValue(accepted)} instead of true or false`;
        throw filterFailedError(batch, i, table, what);
      }
    }
    return -1;
  };
  return (batch) => callUserCode(() => match(batch));
}

function describeValue(value: unknown): string {
  if (isThenable(value)) return 'a promise (it must not be async)';
  return value === null ? 'null' : typeof value;
}

function filterFailedError(
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

/** Compares from the end: keys of one table often begin alike, and a mismatch then shows at once. */
function oneKeyMatcher(key: Buffer): KeyMatcher {
  const { length } = key;
  // The last eight bytes of a long key are compared first, as two numbers.
  const isLong = length >= 8;
  const [last, beforeLast] = isLong ? [key.readUInt32BE(length - 4), key.readUInt32BE(length - 8)] : [0, 0];
  return ({ buffer, offsets, count }) => {
    const view = viewOf(buffer);
    for (let i = count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      if (view.getUint16(at + 1) !== length) continue;
      const start = keyStart(at);
      const end = start + length;
      if (isLong && (view.getUint32(end - 4) !== last || view.getUint32(end - 8) !== beforeLast)) continue;
      if (key.equals(buffer.subarray(start, end))) return i;
    }
    return -1;
  };
}

function keySetMatcher(keys: readonly Uint8Array[]): KeyMatcher {
  const wanted = new Set(keys.map((k) => Buffer.from(k).toString('latin1')));
  const lengths = new Set(keys.map((k) => k.length));
  return ({ buffer, offsets, count }) => {
    for (let i = count - 1; i >= 0; i--) {
      const at = offsets[i] as number;
      const length = keyLengthAt(buffer, at);
      const start = keyStart(at);
      if (lengths.has(length) && wanted.has(buffer.toString('latin1', start, start + length))) return i;
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
      if (isPrimaryAt(batch.buffer, batch.offsets[i] as number)) seen++;
    }
    return -1;
  };
}
