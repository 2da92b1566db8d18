/**
 * Bytes as the user reads and types them. Output is always printable ASCII plus the ellipsis: safe for
 * terminals.
 */
import { RollbackError } from '../errors.ts';

/** Keys up to this many bytes are shown whole: every key of the known tables, transaction hashes included. */
const SHOWN_WHOLE = 64;
const SHOWN_HEAD = 32;
const SHOWN_TAIL = 8;

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}

/** The bytes between double quotes; quotes, backslashes and everything but printable ASCII escaped. */
export function quoteBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte === 0x0a) text += '\\n';
    else if (isPrintable(byte)) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"`;
}

/** Unexpected content, quoted and cut to `limit` bytes; "nothing" when empty. */
export function describeText(bytes: Uint8Array, limit = 80): string {
  if (bytes.length === 0) return 'nothing';
  if (bytes.length <= limit) return quoteBytes(bytes);
  return `${quoteBytes(bytes.subarray(0, limit))}… (${bytes.length} bytes)`;
}

/**
 * A key for the user: hexadecimal, then its quoted text when any of its bytes is printable ASCII, e.g.
 * `62000403 "b\x00\x04\x03"`. A key above 64 bytes shows its two ends and its length in bytes.
 */
export function formatKey(key: Uint8Array): string {
  if (key.length === 0) return '(empty key)';
  const whole = key.length <= SHOWN_WHOLE;
  const head = whole ? key : key.subarray(0, SHOWN_HEAD);
  const hex = whole
    ? toHex(key)
    : `${toHex(head)}…${toHex(key.subarray(key.length - SHOWN_TAIL))} (${key.length} bytes)`;
  if (!head.some(isPrintable)) return hex;
  return `${hex} ${quoteBytes(head)}${whole ? '' : '…'}`;
}

/** Lower-case hexadecimal, two digits a byte, in full. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** The bytes of a hexadecimal argument, `0x` in front allowed. ERR_USAGE when empty, odd or not hexadecimal. */
export function parseHex(text: string): Buffer {
  const digits = /^0x/i.test(text) ? text.slice(2) : text;
  if (digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-f]+$/i.test(digits)) {
    return Buffer.from(digits, 'hex');
  }
  const what =
    digits === '' ? 'An empty key was given' : `${describeText(Buffer.from(text))} is not hexadecimal`;
  throw new RollbackError('ERR_USAGE', {
    what,
    next: 'Give the key as pairs of hexadecimal digits, for example 0a0b or 0x0a0b',
  });
}
