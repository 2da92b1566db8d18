/** One record in words, the same in every report. */
import { formatKey } from '../format/printable.ts';
import type { RecordRef } from '../types.ts';

const KINDS = ['standalone', 'primary', 'secondary', 'last secondary'] as const;

/** What a record's kind byte means, in words. */
export function kindName(kind: number): string {
  return KINDS[kind] ?? `kind ${kind}`;
}

/** A key for people; a very long one shows its two ends, the whole of it is in the JSON document. */
export function keyText(key: Uint8Array | string): string {
  return formatKey(typeof key === 'string' ? Buffer.from(key, 'hex') : key);
}

/** "segment 4, record 31, secondary key 0a0b". Records count from 0, oldest first. */
export function recordText(record: RecordRef): string {
  const kind = record.kind === 0 ? '' : `${kindName(record.kind)} `;
  return `segment ${record.segment}, record ${record.record}, ${kind}key ${keyText(record.key)}`;
}
