/** The targets of a rollback. */
import { RollbackError } from '../errors.ts';
import { formatKey } from '../format/printable.ts';
import { formatRfc3339 } from '../format/rfc3339.ts';
import {
  describeValue,
  is,
  isObject,
  isOneOf,
  nanosecondsOf,
  refuseUnless,
  usageError,
} from '../input/checks.ts';
import { refuseUnknownNames } from '../input/options.ts';
import { didYouMean } from '../nearest.ts';
import type { RollbackFilter } from '../types.ts';

/** The newest record with a key, or with one of each table's. Keys are raw bytes. */
export type KeyTarget =
  | { readonly kind: 'key'; readonly key: Uint8Array }
  | {
      readonly kind: 'keys';
      readonly keys: Readonly<Record<string, readonly Uint8Array[]>>;
      readonly name?: string | undefined;
    };

/** A target that is tested against one record after the other, newest first. */
export type RecordTarget =
  | { readonly kind: 'filter'; readonly filter: RollbackFilter; readonly name?: string | undefined }
  | KeyTarget
  | { readonly kind: 'drop-last'; readonly groups: number };

/** Everything up to and including a height stays. */
export interface HeightTarget<Height = bigint> {
  readonly kind: 'height';
  readonly height: Height;
}

/** Segments that were sealed after a time go. */
export interface TimeTarget<Time = bigint> {
  readonly kind: 'before';
  /** As a bigint: nanoseconds since 1970. */
  readonly time: Time;
}

/** The oldest groups of each table stay. */
export interface KeepFirstTarget {
  readonly kind: 'keep-first';
  readonly groups: number;
}

/** A target, as callers pass it. A height may be a safe integer, a time a Date or RFC 3339 text. */
export type Target =
  | RecordTarget
  | HeightTarget<bigint | number>
  | TimeTarget<bigint | Date | string>
  | KeepFirstTarget;

/** A target with its height or time in the one form that planning uses. */
export type SettledTarget = RecordTarget | HeightTarget | TimeTarget | KeepFirstTarget;

/** The target in words: "the newest record with key …". */
export function describeTarget(target: SettledTarget): string {
  switch (target.kind) {
    case 'filter':
      return `the newest record that ${target.name ?? 'the filter'} accepts`;
    case 'key':
      return `the newest record with key ${formatKey(target.key)}`;
    case 'keys':
      return `the newest record of each table whose key ${target.name ?? 'the list'} names`;
    case 'drop-last':
      return `the newest ${groupsText(target.groups)} of each table removed`;
    case 'keep-first':
      return `the oldest ${groupsText(target.groups)} of each table kept`;
    case 'height':
      return `height ${target.height}`;
    case 'before':
      return `segments sealed by ${formatRfc3339(target.time)}`;
  }
}

const groupsText = (groups: number): string => `${groups} group${groups === 1 ? '' : 's'}`;

/** What stands in a target of each kind. */
const FIELDS: { readonly [K in Target['kind']]: readonly string[] } = {
  filter: ['filter', 'name'],
  key: ['key'],
  keys: ['keys', 'name'],
  'drop-last': ['groups'],
  'keep-first': ['groups'],
  height: ['height'],
  before: ['time'],
};

/**
 * Checks a target and brings it into the form that planning uses.
 * @throws RollbackError ERR_USAGE
 */
export function settledTarget(target: Target): SettledTarget {
  refuseOddShape(target);
  switch (target.kind) {
    case 'key':
      refuseBadKey(target.key);
      return target;
    case 'drop-last':
    case 'keep-first':
      refuseUnless(is.count, 'groups', target.groups);
      return target;
    case 'height':
      refuseUnless(is.height, 'height', target.height);
      return { kind: 'height', height: BigInt(target.height) };
    case 'before':
      refuseUnless(is.time, 'time', target.time);
      return { kind: 'before', time: nanosecondsOf(target.time) as bigint };
    case 'filter':
      refuseUnless(is.function, 'filter', target.filter);
      return target;
    case 'keys':
      refuseBadKeys(target.keys);
      return target;
  }
}

/** Plain JavaScript may pass anything. */
function refuseOddShape(target: unknown): void {
  if (!isObject(target)) {
    const wanted = "an object like { kind: 'height', height: 1010n }";
    throw usageError(`target must be ${wanted}, got ${describeValue(target)}`);
  }
  const { kind } = target;
  const kinds = Object.keys(FIELDS);
  if (typeof kind === 'string') refuseUnknownNames('There is no target of kind', [kind], kinds);
  else refuseUnless(isOneOf(...kinds), "the target's kind", kind);
  const fields = ['kind', ...FIELDS[kind as Target['kind']]];
  refuseUnknownNames(`A target of kind ${String(kind)} has no field`, Object.keys(target), fields);
  if (target['name'] !== undefined) refuseUnless(is.text, "the target's name", target['name']);
}

/** Buffer.from would take a text for its letters, not for hexadecimal, and match nothing. */
function refuseBadKey(key: unknown): void {
  if (key instanceof Uint8Array) return;
  throw usageError(
    `A key must be bytes, got ${describeValue(key)}`,
    "Pass a Buffer, for example Buffer.from('0a0b', 'hex')",
  );
}

function refuseBadKeys(keys: unknown): void {
  if (!isObject(keys))
    throw usageError(`keys must be an object with a list for each table, got ${describeValue(keys)}`);
  for (const [table, list] of Object.entries(keys)) {
    if (!Array.isArray(list))
      throw usageError(`The keys of table ${table} must be a list, got ${describeValue(list)}`);
    for (const key of list) refuseBadKey(key);
  }
}

/** @throws RollbackError ERR_TABLE_UNKNOWN when a target names a table that the database lacks */
export function refuseUnknownTables(target: SettledTarget, tables: readonly string[]): void {
  if (target.kind !== 'keys') return;
  const unknown = Object.keys(target.keys).filter((t) => !tables.includes(t));
  if (unknown.length === 0) return;
  throw new RollbackError('ERR_TABLE_UNKNOWN', {
    what: `The list of keys names ${unknown.join(', ')}, and the database has ${tables.join(', ') || 'no table'}`,
    why: 'A misspelt table would be treated as one in which nothing matches',
    next: `${unknown.map((name) => didYouMean(name, tables)).join('')}Correct the names in the list`,
  });
}
