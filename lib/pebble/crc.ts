/** CRC-32C, as Pebble stores it. */

/** The polynomial of Castagnoli, with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
/** What is added to the rotated sum before it is stored. */
const MASK_DELTA = 0xa282ead8;
const ROTATION = 15;

/** Four tables: four bytes are taken at a time. */
const TABLES: readonly Int32Array[] = makeTables();

function makeTables(): Int32Array[] {
  const tables = Array.from({ length: 4 }, () => new Int32Array(256));
  const [first] = tables as [Int32Array];
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    first[n] = c;
  }
  for (let t = 1; t < 4; t++) {
    const [table, before] = [tables[t] as Int32Array, tables[t - 1] as Int32Array];
    for (let n = 0; n < 256; n++) {
      const c = before[n] as number;
      table[n] = (c >>> 8) ^ (first[c & 0xff] as number);
    }
  }
  return tables;
}

/**
 * CRC-32C of bytes `from` to `to`, as an unsigned number. // hot
 * @param sum of the bytes before them
 */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length, sum = 0): number {
  const [t0, t1, t2, t3] = TABLES as [Int32Array, Int32Array, Int32Array, Int32Array];
  let c = ~sum;
  let at = from;
  for (const whole = to - 3; at < whole; at += 4) {
    c ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    c =
      (t3[c & 0xff] as number) ^
      (t2[(c >>> 8) & 0xff] as number) ^
      (t1[(c >>> 16) & 0xff] as number) ^
      (t0[c >>> 24] as number);
  }
  for (; at < to; at++) c = (t0[(c ^ (bytes[at] as number)) & 0xff] as number) ^ (c >>> 8);
  return ~c >>> 0;
}

/** The sum as it stands in a file. */
export function storedCrc(bytes: Uint8Array, from = 0, to = bytes.length): number {
  const c = crc32c(bytes, from, to);
  return (((c >>> ROTATION) | (c << (32 - ROTATION))) + MASK_DELTA) >>> 0;
}
