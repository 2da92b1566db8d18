/** The vectors in test/fixtures/pebble: what Pebble's own tools wrote, and what is to be made of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BLOCK_BYTES } from '../../lib/pebble/record-reader.ts';
import { type PebbleCode, PebbleRefusal } from '../../lib/pebble/refusal.ts';

/** The cases of one file. */
export function vectors<T>(name: string): readonly T[] {
  const path = fileURLToPath(new URL(`../fixtures/pebble/${name}.json`, import.meta.url));
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly T[] }).cases;
}

/** Bytes in blocks, all in one buffer that is used again, as a reader of files has them. */
export function* blocksOf(bytes: Buffer): Generator<Buffer> {
  const buffer = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const length = bytes.copy(buffer, 0, at, at + BLOCK_BYTES);
    yield buffer.subarray(0, length);
  }
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A refusal's code and words; throws what is not a refusal, and when there is none. */
export function refusalOf(run: () => unknown): { readonly code: PebbleCode; readonly found: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof PebbleRefusal) return { code: error.code, found: error.found };
    throw error;
  }
  throw new Error('it was not refused');
}
