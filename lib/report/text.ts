/**
 * Small helpers for text: numbers, sizes, times, columns, shell words.
 *
 * Everything here takes values and returns strings, without looking at the terminal or the environment.
 */
import { withBytesShown } from '../format/foreign-bytes.ts';
import { formatCount } from '../format/grouped.ts';

export { formatCount, targetText } from '../format/grouped.ts';
export { shellCommand, shellQuote } from '../format/shell-word.ts';

import { type WholeCommand, withWholeCommands } from './next-steps.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** How to lay out a text. */
export interface TextStyle {
  /** ANSI colours; default false. */
  readonly color?: boolean;
  /** Columns available; default 110. */
  readonly width?: number;
  /** Completes the commands that a text names; without it they stand by their names alone. */
  readonly wholeCommand?: WholeCommand | undefined;
}

/** The width at which a text is wrapped: the one asked for, within readable limits. */
export function usableWidth(style: TextStyle): number {
  return Math.min(Math.max(style.width ?? 110, 60), 160);
}

/** 62464 → "61.0 KiB"; below one KiB the exact number of bytes. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be printed as 1024.0: the next unit starts where rounding reaches it.
  while (unit < UNITS.length - 1 && value >= (unit === 0 ? 1024 : 1023.95)) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${formatCount(bytes)} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** 420 → "0.4 s", 75_000 → "1 min 15 s", 7_500_000 → "2 h 5 min". */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "1 record", "2 records". */
export function plural(count: number, singular: string, several = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : several}`;
}

/**
 * Nanoseconds since 1970 → "2025-06-15T15:06:13Z", the first full second that is not before it: with `--before` and that
 * time, what was sealed then is kept. Zero and absurd times in words.
 */
export function formatTime(nanoseconds: bigint | string): string {
  const ns = BigInt(nanoseconds);
  if (ns === 0n) return 'never';
  const seconds = (ns + 999_999_999n) / 1_000_000_000n;
  // The last second that has a year of four digits.
  if (ns < 0n || seconds > 253_402_300_799n) return `${ns} ns after 1970`;
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

/** [0, 1, 2, 5] → "0–2, 5". The numbers must be in ascending order. */
export function formatRanges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let j = i;
    while (j + 1 < numbers.length && numbers[j + 1] === numbers[j]! + 1) j += 1;
    parts.push(i === j ? `${numbers[i]}` : `${numbers[i]}–${numbers[j]}`);
    i = j + 1;
  }
  return parts.join(', ');
}

/** "segment 4", "segments 5–6, 9". */
export function formatSegments(numbers: readonly number[]): string {
  return `segment${numbers.length === 1 ? '' : 's'} ${formatRanges(numbers)}`;
}

/** ["a", "b", "c"] → "a, b and c". */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/**
 * Makes control characters of a path or a lock text visible, so that they cannot steer a terminal, and characters that
 * turn the direction of a text around, so that a name is read as it is.
 */
export function printable(text: string): string {
  return withBytesShown(text).replace(UNPRINTABLE, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    const code = c.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Breaks a text at spaces into lines of at most `width` columns. A longer word gets a line of its own, and so does what
 * stands in backticks: a command must be copied in one piece.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  // Spaces with an even number of backticks behind them are outside of any pair.
  for (const word of text.split(/ (?=[^`]*(?:`[^`]*`[^`]*)*$)/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/**
 * A label in its column, the text beside it, further lines below the text. What is too long for its column begins
 * further left, on a line of its own.
 */
export function labelled(
  label: string,
  text: string,
  options: { indent?: number; column?: number; width: number; wholeCommand?: WholeCommand | undefined },
): string[] {
  const { width } = options;
  const indent = options.indent ?? 2;
  const left = indent + (options.column ?? 15);
  const room = Math.max(width - left, 30);
  const lines = wrap(withWholeCommands(text, options.wholeCommand), room).map((line) => {
    const start = line.length <= room ? left : Math.max(indent + 2, Math.min(left, width - line.length));
    return ' '.repeat(start) + line;
  });
  const head = ' '.repeat(indent) + label;
  const first = lines[0] ?? '';
  const isBeside = first.startsWith(' '.repeat(Math.max(left, head.length + 1))) || label === '';
  if (isBeside) lines[0] = head + first.slice(head.length);
  else lines.unshift(head);
  return lines.map((line) => line.trimEnd());
}
