/**
 * The table `blocks`. A primary key is a kind and a number u64: `b` a block, `q` a QC, `a` an AppQC, `p` an
 * AppProposal. Secondaries are `h` and the block's hash for `b`; the kind and a number u64 for every further
 * number that a `q`, `a` or `p` covers.
 *
 * App data for a height (`a`, `p`) is written after blocks above it, so only `b` marks where a height ends.
 */
import { isPrimaryKind, keyStart } from '../format/key-records.ts';
import { viewOf } from '../store/reading.ts';
import { type DecodedKey, type KeyRun, ROLE, type RunHeights, type TableSchema } from './types.ts';

const KEY_BYTES = 9;
const [A, B, H, P, Q] = [0x61, 0x62, 0x68, 0x70, 0x71] as const;
const WORDS = new Map<number, string>([
  [B, 'block'],
  [Q, 'QC'],
  [A, 'AppQC'],
  [P, 'AppProposal'],
]);

/** The schema `blocks`. */
export const blocks: TableSchema = {
  name: 'blocks',

  decode(key: Buffer, isPrimary: boolean): DecodedKey | null {
    if (!isPrimary && key[0] === H && key.length > 1) {
      return { height: null, kind: 'hash', label: 'block hash' };
    }
    const kind = WORDS.get(key[0] ?? 0);
    if (kind === undefined || key.length !== KEY_BYTES) return null;
    const number = key.readBigUInt64BE(1);
    if (isPrimary) return { height: number, kind, label: `${kind} ${number}`, decides: key[0] === B };
    return key[0] === B ? null : { height: null, kind, label: `${kind} covers ${number}` };
  },

  heights({ buffer, offsets, count }: KeyRun, { high, low, roles }: RunHeights): void {
    const view = viewOf(buffer);
    const { none, decides, counts, misfit } = ROLE; // hot
    const [a, b, h, p, q, keyBytes] = [A, B, H, P, Q, KEY_BYTES];
    for (let i = 0; i < count; i++) {
      const at = offsets[i] as number;
      const key = keyStart(at);
      const letter = view.getUint8(key);
      const length = view.getUint16(at + 1);
      const numbered = length === keyBytes;
      const appData = letter === q || letter === a || letter === p;
      if (!isPrimaryKind(view.getUint8(at))) {
        const fits = letter === h ? length > 1 : appData && numbered;
        roles[i] = fits ? none : misfit;
      } else if (numbered && (letter === b || appData)) {
        high[i] = view.getUint32(key + 1);
        low[i] = view.getUint32(key + 5);
        roles[i] = letter === b ? decides : counts;
      } else roles[i] = misfit;
    }
  },

  // The store serves nothing below the number of the oldest one.
  needs: {
    what: 'QC record (kind q)',
    matches: (key, isPrimary) => isPrimary && key[0] === Q && key.length === KEY_BYTES,
  },
};
