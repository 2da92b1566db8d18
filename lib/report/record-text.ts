/** One record in words, the same in every report. */
import { formatKey, toHex } from '../format/printable.ts';
import type { RecordRef } from '../types.ts';
import { printable } from './text.ts';

const KINDS = ['standalone', 'primary', 'secondary', 'last secondary'] as const;

/** The record kinds, in words. */
export function kindName(kind: number): string {
  return KINDS[kind] ?? `kind ${kind}`;
}

/** Keys up to this many bytes are short enough to be read as text too. */
const SHORT_KEY = 16;

/**
 * A key for the user: hexadecimal, and also text where that helps (short keys, and those that are mostly text;
 * not hashes). A very long key shows its two ends; the JSON document has all of it.
 */
export function keyText(key: Uint8Array | string): string {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'hex') : key;
  const asText = bytes.length <= SHORT_KEY || bytes.length > LONG_KEY || isMostlyText(bytes);
  return asText ? formatKey(bytes) : toHex(bytes);
}

/** Above this length formatKey() leaves the middle out. */
const LONG_KEY = 64;

function isMostlyText(bytes: Uint8Array): boolean {
  const printable = bytes.filter((b) => b >= 0x20 && b <= 0x7e).length;
  return printable * 4 >= bytes.length * 3;
}

/** "block 1027, segment 4, record 31, secondary key 0a0b". Records count from 0, oldest first. */
export function recordText(record: RecordRef): string {
  const kind = record.kind === 0 ? '' : `${kindName(record.kind)} `;
  const label = record.label === undefined ? '' : `${printable(record.label)}, `;
  return `${label}segment ${record.segment}, record ${record.record}, ${kind}key ${keyText(record.key)}`;
}
