/**
 * The boundary files of a table's snapshot directory: the range of segments that consumers may and must read.
 */
import { RollbackError } from '../errors.ts';
import { formatDecimalU32, parseDecimalU32 } from './decimal-u32.ts';
import { describeText } from './printable.ts';

/** Written by the tools that consume snapshots: segments up to this one are no longer needed. */
export const LOWER_BOUND_FILE = 'lower-bound.txt';

/** Written by the engine: the newest segment whose snapshot is complete. It may only grow. */
export const UPPER_BOUND_FILE = 'upper-bound.txt';

/** The segment number in a boundary file's content. ERR_BOUNDARY unless it is a plain decimal u32. */
export function parseBoundary(text: Uint8Array): number {
  const value = parseDecimalU32(text);
  if (value !== null) return value;
  throw new RollbackError('ERR_BOUNDARY', {
    what: `The boundary file holds ${describeText(text)} where a segment number belongs`,
    why: 'The boundary must be lowered together with the segments, and this one cannot be compared',
    next: 'Write the right number into it, or remove the file if no snapshot is in use',
  });
}

/** The content of a boundary file, as the engine writes it. ERR_DEFECT when `segment` does not fit u32. */
export function formatBoundary(segment: number): Buffer {
  return formatDecimalU32(segment, 'boundary');
}
