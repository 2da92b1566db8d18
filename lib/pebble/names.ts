/** Names of files in a Pebble directory. What Pebble never writes there is refused. */
import { PebbleRefusal } from './refusal.ts';

/** What a name stands for. Numbers are Pebble's file numbers; a marker's value is what it points to. */
export type PebbleName =
  | { readonly kind: 'log' | 'table' | 'manifest' | 'options'; readonly number: number }
  | { readonly kind: 'marker'; readonly marker: 'manifest' | 'format-version'; readonly value: string }
  | { readonly kind: 'lock' };

/** A name, with what it stands for. */
export type NamedFile = PebbleName & { readonly name: string };

/** Numbers are decimal, with at least this many digits. */
const DIGITS = 6;

const NUMBERED = [
  ['log', /^(\d+)\.log$/],
  ['table', /^(\d+)\.sst$/],
  ['manifest', /^MANIFEST-(\d+)$/],
  ['options', /^OPTIONS-(\d+)$/],
] as const;

const MARKERS = [
  ['manifest', /^marker\.manifest\.(\d+)\.(MANIFEST-\d+)$/],
  ['format-version', /^marker\.format-version\.(\d+)\.(\d{3})$/],
] as const;

/** A file number as it stands in names. */
export function formatNumber(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

/** The name of a log. */
export function logName(number: number): string {
  return `${formatNumber(number)}.log`;
}

/** What a name stands for; null for a name that Pebble does not write. */
export function parseName(name: string): PebbleName | null {
  if (name === 'LOCK') return { kind: 'lock' };
  for (const [kind, pattern] of NUMBERED) {
    const number = numberIn(pattern.exec(name)?.[1]);
    if (number !== null) return { kind, number };
  }
  for (const [marker, pattern] of MARKERS) {
    const [, count, value] = pattern.exec(name) ?? [];
    if (value === undefined || numberIn(count) === null) continue;
    if (marker === 'manifest' && parseName(value) === null) continue;
    return { kind: 'marker', marker, value };
  }
  return null;
}

function numberIn(digits: string | undefined): number | null {
  const number = digits === undefined ? Number.NaN : Number(digits);
  return Number.isSafeInteger(number) && formatNumber(number) === digits ? number : null;
}

/** What the names in a directory say. */
export interface PebbleNames {
  /** Ascending, by number. */
  readonly logs: readonly number[];
  readonly tables: ReadonlySet<number>;
  /** Name of the MANIFEST that counts. */
  readonly manifest: string;
  /** Name of the OPTIONS file that counts: the one with the highest number. */
  readonly options: string;
  /** Three digits. */
  readonly formatVersion: string;
  /** The highest number of any file. */
  readonly highest: number;
}

/**
 * Reads the names of a directory.
 * @throws PebbleRefusal unknown-file, markers, options
 */
export function readNames(names: readonly string[]): PebbleNames {
  const files = names.map((name): NamedFile => {
    const parsed = parseName(name);
    if (parsed === null) throw new PebbleRefusal('unknown-file', 'not a file that Pebble writes', name);
    return { name, ...parsed };
  });
  const numbered = files.flatMap((f) => ('number' in f ? [f] : []));
  const numbers = (kind: NamedFile['kind']): number[] =>
    numbered
      .filter((f) => f.kind === kind)
      .map((f) => f.number)
      .sort((a, b) => a - b);
  const manifest = markerOf(files, 'manifest');
  if (!names.includes(manifest))
    throw new PebbleRefusal('markers', 'the marker names a missing file', manifest);
  const newest = numbers('options').at(-1);
  if (newest === undefined) throw new PebbleRefusal('options', 'there is no OPTIONS file');
  return {
    logs: numbers('log'),
    tables: new Set(numbers('table')),
    manifest,
    options: `OPTIONS-${formatNumber(newest)}`,
    formatVersion: markerOf(files, 'format-version'),
    highest: numbered.reduce((highest, f) => Math.max(highest, f.number), 0),
  };
}

/** Two markers of one name are what a crash leaves: which of them counts is not certain. */
function markerOf(files: readonly NamedFile[], marker: 'manifest' | 'format-version'): string {
  const values = files.flatMap((f) => (f.kind === 'marker' && f.marker === marker ? [f.value] : []));
  if (values.length !== 1 || values[0] === undefined)
    throw new PebbleRefusal('markers', `${values.length} markers of ${marker}`);
  return values[0];
}
