/**
 * Small JSON documents that prove themselves whole: one line of JSON and its SHA-256. A torn, short or
 * zero-filled document reads as null after a crash, never as another value.
 */
import { createHash } from 'node:crypto';

const MARK = 'sha256 ';

/** The document's bytes; `value` must survive JSON. */
export function encodeChecksummed(value: unknown): Buffer {
  const json = JSON.stringify(value);
  return Buffer.from(`${json}\n${MARK}${digest(json)}\n`);
}

/** The value, or null when the bytes are not exactly what encodeChecksummed wrote. */
export function decodeChecksummed(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  const end = text.indexOf('\n');
  const json = text.slice(0, end);
  if (text.slice(end + 1) !== `${MARK}${digest(json)}\n`) return null;
  try {
    return JSON.parse(json);
  } catch {
    return null; // a right checksum over text that is not JSON: only a forger writes that
  }
}

function digest(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}
