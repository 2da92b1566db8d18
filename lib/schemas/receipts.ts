/**
 * The table `receipts`. A primary key is 12 bytes: block height u64, part u32; one height may have several
 * parts. A secondary is a transaction hash of 32 bytes.
 */
import { isPrimaryKind, keyStart } from '../format/key-records.ts';
import { viewOf } from '../store/reading.ts';
import {
  type DecodedKey,
  type KeyRun,
  ROLE,
  type RunHeights,
  type RunSpan,
  type TableSchema,
} from './types.ts';

const PRIMARY_BYTES = 12;
const HASH_BYTES = 32;

/** The schema `receipts`. */
export const receipts: TableSchema = {
  name: 'receipts',

  decode(key: Buffer, isPrimary: boolean): DecodedKey | null {
    if (!isPrimary) {
      return key.length === HASH_BYTES ? { height: null, kind: 'transaction', label: 'transaction' } : null;
    }
    if (key.length !== PRIMARY_BYTES) return null;
    const height = key.readBigUInt64BE(0);
    return { height, kind: 'receipt', label: `height ${height}, part ${key.readUInt32BE(8)}` };
  },

  heights({ buffer, offsets, count }: KeyRun, { high, low, roles }: RunHeights): void {
    const view = viewOf(buffer);
    const { none, decides, misfit } = ROLE; // hot
    const [primaryBytes, hashBytes] = [PRIMARY_BYTES, HASH_BYTES];
    for (let i = 0; i < count; i++) {
      const at = offsets[i] as number;
      const length = view.getUint16(at + 1);
      if (!isPrimaryKind(view.getUint8(at))) roles[i] = length === hashBytes ? none : misfit;
      else if (length === primaryBytes) {
        high[i] = view.getUint32(keyStart(at));
        low[i] = view.getUint32(keyStart(at) + 4);
        roles[i] = decides;
      } else roles[i] = misfit;
    }
  },
};

/**
 * The span of a run of such records, in one pass over their bytes: half the time of calling `heights` and
 * scanning its result.
 */
export function receiptsSpan({ buffer, offsets, count }: KeyRun): RunSpan {
  const view = viewOf(buffer);
  const [primaryBytes, hashBytes] = [PRIMARY_BYTES, HASH_BYTES];
  let [oldest, newest, lowest, highest] = [-1, -1, -1, -1];
  let [minHigh, minLow, maxHigh, maxLow] = [0, 0, 0, 0];
  let fits = true;
  for (let i = 0; i < count; i++) {
    const at = offsets[i] as number;
    const length = view.getUint16(at + 1);
    if (!isPrimaryKind(view.getUint8(at))) {
      if (length !== hashBytes) fits = false;
    } else if (length === primaryBytes) {
      const high = view.getUint32(keyStart(at));
      const low = view.getUint32(keyStart(at) + 4);
      newest = i;
      if (oldest < 0 || high > maxHigh || (high === maxHigh && low > maxLow)) {
        highest = i;
        maxHigh = high;
        maxLow = low;
      }
      if (oldest < 0 || high < minHigh || (high === minHigh && low < minLow)) {
        lowest = i;
        minHigh = high;
        minLow = low;
      }
      if (oldest < 0) oldest = i;
    } else fits = false;
  }
  return { oldest, newest, lowest, highest, top: highest, fits };
}
