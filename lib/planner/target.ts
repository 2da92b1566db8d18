/** The targets of a rollback. */
import { RollbackError } from '../errors.ts';
import { formatKey } from '../format/printable.ts';
import { formatRfc3339 } from '../format/rfc3339.ts';
import { didYouMean } from '../nearest.ts';
import { MAX_HEIGHT } from '../schemas/heights.ts';
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
export interface HeightTarget {
  readonly kind: 'height';
  readonly height: bigint;
}

/** Segments that were sealed after a time go. */
export interface TimeTarget {
  readonly kind: 'before';
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

/** The oldest groups of each table stay. */
export interface KeepFirstTarget {
  readonly kind: 'keep-first';
  readonly groups: number;
}

/** A target. */
export type Target = RecordTarget | HeightTarget | TimeTarget | KeepFirstTarget;

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
      return `the newest ${groupsText(target.groups)} of each table removed`;
    case 'keep-first':
      return `the oldest ${groupsText(target.groups)} of each table kept`;
    case 'height':
      return `height ${target.height}`;
    case 'before':
      return `segments sealed by ${formatRfc3339(target.time)}`;
  }
}

const KINDS_HINT =
  'Its kind is one of: filter, key, keys, drop-last, height, before, keep-first; lib/planner/target.ts describes them';

const groupsText = (groups: number): string => `${groups} group${groups === 1 ? '' : 's'}`;

/** @throws RollbackError ERR_USAGE; ERR_TABLE_UNKNOWN when the target names a table that the database lacks */
export function refuseBadTarget(target: Target, tables: readonly string[]): void {
  switch (target?.kind) {
    case 'key':
      refuseBadKey(target.key);
      return;
    case 'drop-last':
    case 'keep-first':
      refuseBadGroups(target);
      return;
    case 'height':
      refuseBadHeight(target.height);
      return;
    case 'filter':
      refuseBadFilter(target.filter);
      return;
    case 'before':
      refuseBadTime(target.time);
      return;
    case 'keys':
      refuseBadKeys(target.keys, tables);
      return;
    default:
      // Plain JavaScript may pass anything.
      throw new RollbackError('ERR_USAGE', { what: 'Not a target', next: KINDS_HINT });
  }
}

/** Buffer.from would take a text for its letters, not for hexadecimal, and match nothing. */
function refuseBadKey(key: unknown): void {
  if (key instanceof Uint8Array) return;
  const next = "Pass a Buffer, for example Buffer.from('0a0b', 'hex')";
  throw new RollbackError('ERR_USAGE', { what: `A key is a ${typeof key}, not bytes`, next });
}

function refuseBadGroups({ kind, groups }: { kind: string; groups: number }): void {
  if (Number.isSafeInteger(groups) && groups >= 0) return;
  const what = `Cannot ${kind === 'drop-last' ? 'remove' : 'keep'} ${groups} groups: pass a whole number`;
  throw new RollbackError('ERR_USAGE', { what });
}

/** A bigint out of range by its value, anything else by its type. */
const given = (value: unknown): string => (typeof value === 'bigint' ? `${value}n` : typeof value);

function refuseBadHeight(height: unknown): void {
  if (typeof height === 'bigint' && height >= 0n && height <= MAX_HEIGHT) return;
  throw new RollbackError('ERR_USAGE', {
    what: `height must be a bigint (1010n), got ${given(height)}`,
    next: `Pass a bigint from 0 to ${MAX_HEIGHT}`,
  });
}

function refuseBadTime(time: unknown): void {
  if (typeof time === 'bigint' && time >= 0n) return;
  throw new RollbackError('ERR_USAGE', {
    what: `time must be a bigint of nanoseconds, got ${given(time)}`,
    next: 'Pass nanoseconds since 1970, as a bigint',
  });
}

function refuseBadFilter(filter: unknown): void {
  if (typeof filter === 'function') return;
  throw new RollbackError('ERR_USAGE', {
    what: 'The filter is not a function',
    next: 'Pass (table, key, isPrimary) => boolean',
  });
}

function refuseBadKeys(keys: Readonly<Record<string, unknown>>, tables: readonly string[]): void {
  if (typeof keys !== 'object' || keys === null) {
    throw new RollbackError('ERR_USAGE', { what: 'The keys are not an object of lists by table' });
  }
  for (const list of Object.values(keys)) {
    if (!Array.isArray(list))
      throw new RollbackError('ERR_USAGE', { what: 'The keys of a table are not a list' });
    for (const key of list) refuseBadKey(key);
  }
  const unknown = Object.keys(keys).filter((t) => !tables.includes(t));
  if (unknown.length === 0) return;
  throw new RollbackError('ERR_TABLE_UNKNOWN', {
    what: `The list of keys names ${unknown.join(', ')}, and the database has ${tables.join(', ') || 'no table'}`,
    why: 'A misspelt table would be treated as one in which nothing matches',
    next: `${unknown.map((name) => didYouMean(name, tables)).join('')}Correct the names in the list`,
  });
}
