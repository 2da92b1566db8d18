/**
 * What a value of a caller must be: plain JavaScript may pass anything. A mistake is told by the name of what was
 * passed, what it must be, and what it is.
 */
import { RollbackError } from '../errors.ts';
import { parseRfc3339 } from '../format/rfc3339.ts';
import { isThenable } from './callbacks.ts';

/** What a value must be, in words; null when it is that. */
export type Check = (value: unknown) => string | null;

/** The largest height there is. */
export const MAX_HEIGHT = 0xffff_ffff_ffff_ffffn;

const when =
  (words: string, isRight: (value: unknown) => boolean): Check =>
  (value) =>
    isRight(value) ? null : words;

/** What values of options and arguments must be. */
export const is = {
  boolean: when('true or false', (value) => typeof value === 'boolean'),
  text: when('a text that is not empty', (value) => typeof value === 'string' && value !== ''),
  function: when('a function', (value) => typeof value === 'function'),
  /** A number of bytes, of groups, of whatever there must be one of. */
  size: when('a whole number above 0', (value) => Number.isSafeInteger(value) && Number(value) > 0),
  count: when('a whole number, 0 or more', (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  /** Of whatever origin. */
  signal: when(
    'an AbortSignal',
    (value) =>
      isObject(value) &&
      typeof value['aborted'] === 'boolean' &&
      typeof value['addEventListener'] === 'function',
  ),
  names: when("an array of names, for example ['blocks']", (value) => isListOf(value, 'string')),
  locks: when(
    'what lockDatabase() resolves to',
    (value) => isObject(value) && Array.isArray(value['dirs']) && typeof value['release'] === 'function',
  ),
  home: when('what findHome() returns', (value) => isObject(value) && Array.isArray(value['databases'])),
  /** Each schema is looked at by itself. */
  schemas: when('an object with a schema for each table', isObject),
  groups: when(
    'what groupsOfHome() returns',
    (value) => Array.isArray(value) && value.every((group) => isListOf(group, 'number')),
  ),
  plan: when(
    'a plan, from planRollback() or readPlanFile()',
    (value) => isObject(value) && value['format'] === 'litt-rollback/plan',
  ),
  height: (value) => {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value))
      return 'a bigint (1010n) or a safe integer';
    const height = BigInt(value as bigint | number);
    return height >= 0n && height <= MAX_HEIGHT ? null : `from 0 to ${MAX_HEIGHT}`;
  },
  time: when(
    "a Date, RFC 3339 text ('2026-11-25T18:00:00Z') or nanoseconds as a bigint, from 1970 on",
    (value) => nanosecondsOf(value) !== null,
  ),
} satisfies Record<string, Check>;

/** One of some words. */
export function isOneOf(...words: readonly string[]): Check {
  const list = words.map((word) => `'${word}'`).join(', ');
  return when(`one of ${list}`, (value) => words.includes(value as string));
}

/** A time as nanoseconds since 1970; null when it is none. */
export function nanosecondsOf(value: unknown): bigint | null {
  if (typeof value === 'string') return parseRfc3339(value);
  if (typeof value === 'bigint') return value >= 0n ? value : null;
  if (!(value instanceof Date) || !(value.getTime() >= 0)) return null;
  return BigInt(value.getTime()) * 1_000_000n;
}

/** @throws RollbackError ERR_USAGE when a value is not what it must be */
export function refuseUnless(check: Check, name: string, value: unknown): void {
  const wanted = check(value);
  if (wanted !== null) throw usageError(`${name} must be ${wanted}, got ${describeValue(value)}`);
}

/** @throws RollbackError ERR_USAGE unless these are paths of roots */
export function refuseBadRoots(value: unknown): void {
  const next = 'Pass every root with --src';
  if (!Array.isArray(value)) {
    throw usageError(`roots must be an array of paths, got ${describeValue(value)}`, next);
  }
  if (value.length === 0) throw usageError('No root was given', next);
  for (const root of value) refuseUnless(is.text, 'a root', root);
}

/** @throws RollbackError ERR_USAGE unless groups, where there are any, share out all roots */
export function refuseBadGroups(groups: readonly (readonly number[])[] | undefined, roots: number): void {
  if (groups === undefined) return;
  const numbers = groups.flat().sort((a, b) => a - b);
  if (numbers.length === roots && numbers.every((n, i) => n === i)) return;
  throw usageError(`groups must name each of the ${roots} roots once`, 'Pass what groupsOfHome() returns');
}

/** The error of a mistake in a call. */
export function usageError(what: string, next?: string): RollbackError {
  return new RollbackError('ERR_USAGE', { what, next });
}

/** An object with fields of its own, not a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

/** Longer texts are shown by their beginning. */
const MAX_SHOWN = 60;

/** A value in words: what it is, and where it is short its content. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
      return `text ${JSON.stringify(text)}`;
    }
    case 'number':
      return `number ${value}`;
    case 'bigint':
      return `bigint ${value}n`;
    case 'function':
    case 'symbol':
      return `a ${typeof value}`;
    case 'object':
      return describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return value.getTime() < 0 ? `Date ${value.toISOString()}` : 'an invalid Date';
  return isThenable(value) ? 'a promise (is an await missing?)' : 'an object';
}
