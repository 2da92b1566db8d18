/**
 * Names of files are bytes, and need not be text. A byte that is not UTF-8 becomes a lone surrogate, U+DC00 and the
 * byte, which no text has: so a name goes there and back unchanged, also through JSON.
 */
const BASE = 0xdc00;
const FOREIGN = /[\u{dc80}-\u{dcff}]/u;

/** Whether a name or path has bytes that are not UTF-8. */
export function hasForeignBytes(text: string): boolean {
  return FOREIGN.test(text);
}

/** The text of a name as the system gives it. */
export function textOfName(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  // What decodes without loss encodes to the same bytes.
  if (!text.includes('\ufffd') || Buffer.from(text).equals(bytes)) return text;
  let escaped = '';
  for (let at = 0; at < bytes.length; ) {
    const length = characterAt(bytes, at);
    escaped +=
      length === 0
        ? String.fromCharCode(BASE + (bytes[at] as number))
        : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return escaped;
}

/** Length of the character in UTF-8 that begins here; 0 where none does. */
function characterAt(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    const part = bytes.subarray(at, at + length);
    if (Buffer.from(part.toString('utf8')).equals(part)) return length;
  }
  return 0;
}

/** The bytes of a name that textOfName() gave. */
export function bytesOfName(text: string): Buffer {
  if (!hasForeignBytes(text)) return Buffer.from(text);
  const parts = Array.from(text, (character) =>
    FOREIGN.test(character) ? Buffer.of(character.charCodeAt(0) - BASE) : Buffer.from(character),
  );
  return Buffer.concat(parts);
}

/** A text with each byte that is not UTF-8 as `\xe9`, for people. */
export function withBytesShown(text: string): string {
  return text.replace(/[\u{dc80}-\u{dcff}]/gu, (c) => `\\x${(c.charCodeAt(0) - BASE).toString(16)}`);
}
