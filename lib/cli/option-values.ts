/**
 * Parsers for option values. Each refuses empty values, and an option that was given twice with two meanings.
 */
import { InvalidArgumentError } from 'commander';
import { parseGivenTime } from '../format/given-time.ts';
import { MAX_HEIGHT } from '../input/checks.ts';

/** More than any database holds, and exact as a number. */
const MAX_COUNT = 999_999_999_999_999;

/** One value; the option may stand only once. */
export function once(value: string, previous: string | undefined): string {
  if (previous !== undefined) throw new InvalidArgumentError('It was given more than once.');
  return notEmpty(value);
}

/** Every value that was given, in order. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), notEmpty(value)];
}

/** One of a few words. */
export function oneOf<T extends string>(
  ...words: readonly T[]
): (value: string, previous: T | undefined) => T {
  return (value, previous) => {
    once(value, previous);
    const word = words.find((w) => w === value);
    if (word === undefined) throw new InvalidArgumentError(`Possible values: ${words.join(', ')}.`);
    return word;
  };
}

/** A whole number from `least` to `most`, or of at most 15 digits. */
export function count(
  least: number,
  most = MAX_COUNT,
): (value: string, previous: number | undefined) => number {
  return (value, previous) => {
    once(value, previous?.toString());
    const n = wholeNumber(value);
    if (n === null || n < least || n > most)
      throw new InvalidArgumentError(`A whole number from ${least} to ${most} is needed.`);
    return n;
  };
}

/** A number of records, or `all`. */
export function countOrAll(value: string, previous: number | 'all' | undefined): number | 'all' {
  once(value, previous?.toString());
  const n = value === 'all' ? value : wholeNumber(value);
  if (n === null) throw new InvalidArgumentError(`A whole number up to ${MAX_COUNT}, or all, is needed.`);
  return n;
}

/** A height: a whole number of 64 bits, never rounded. */
export function height(value: string, previous: bigint | undefined): bigint {
  once(value, previous?.toString());
  // Reports group the digits of a height, and a person copies it from there.
  const digits = /^\d{1,3}(,\d{3})+$/.test(value) ? value.replaceAll(',', '') : value;
  const n = /^\d{1,20}$/.test(digits) ? BigInt(digits) : null;
  if (n === null || n > MAX_HEIGHT)
    throw new InvalidArgumentError(`A whole number from 0 to ${MAX_HEIGHT} is needed.`);
  return n;
}

/** A time, and the words that the user typed for it. */
export interface GivenTime {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly given: string;
}

/** A time in RFC 3339, or in a common form. */
export function time(value: string, previous: GivenTime | undefined): GivenTime {
  once(value, previous?.given);
  const read = parseGivenTime(value, BigInt(Date.now()) * 1_000_000n);
  if (read === null)
    throw new InvalidArgumentError(
      'A time like 2026-11-25T18:00:00Z, 2026-11-25T18:00:00+01:00, 2026-11-25 or "3h ago" is needed, not before 1970.',
    );
  return { time: read, given: value };
}

/** A limit on removal: records, or a share of them. */
export type Limit = { readonly records: number } | { readonly percent: number };

/** "1000" or "12.5%". */
export function limit(value: string, previous: Limit | undefined): Limit {
  once(value, previous === undefined ? undefined : 'given');
  const share = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(value);
  if (share !== null && Number(share[1]) <= 100) return { percent: Number(share[1]) };
  const records = wholeNumber(value);
  if (records === null) {
    throw new InvalidArgumentError('A number of records (1000) or a share of them (5%) is needed.');
  }
  return { records };
}

function wholeNumber(text: string): number | null {
  const n = /^\d{1,15}$/.test(text) ? Number(text) : null;
  return n;
}

function notEmpty(value: string): string {
  // An empty value is nearly always an unset shell variable.
  if (value === '') throw new InvalidArgumentError('It is empty.');
  return value;
}
