/** The table's `gc-watermark` file: the lowest segment that may still be read. */
import { RollbackError } from '../errors.ts';
import { formatDecimalU32, parseDecimalU32 } from './decimal-u32.ts';
import { describeText } from './printable.ts';

/** Name of the file, in a table's directory of any root. */
export const WATERMARK_FILE = 'gc-watermark';

/** The segment number in a gc-watermark file's content. ERR_WATERMARK unless it is a plain decimal u32. */
export function parseWatermark(text: Uint8Array): number {
  const value = parseDecimalU32(text);
  if (value !== null) return value;
  throw new RollbackError('ERR_WATERMARK', {
    what: `The gc-watermark holds ${describeText(text)} where a segment number belongs`,
    why: 'Segments below the watermark are deleted data; guessing could bring them back or lose live ones',
    next: 'Restore the file from a backup, or write the right number into it',
  });
}

/** The content of a gc-watermark file, as the engine writes it. ERR_DEFECT when `segment` does not fit u32. */
export function formatWatermark(segment: number): Buffer {
  return formatDecimalU32(segment, 'watermark');
}
