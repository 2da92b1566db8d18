/** Times as RFC 3339 writes them, to the nanosecond: seal times have that precision. */

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;
const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 cannot write a time after the year 9999. */
const MAX_TIME = 253_402_300_800n * NANOSECONDS_PER_SECOND - 1n;

/** Nanoseconds since 1970; null when the text is not such a time, or lies before 1970. */
export function parseRfc3339(text: string): bigint | null {
  const match = SHAPE.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC turns the 31st of a shorter month into a day of the next one.
  const date = new Date(utc);
  if (year < 1970 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = offsetSeconds(match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  if (offset === null) return null;
  const fraction = BigInt((match[7] ?? '').padEnd(9, '0'));
  const time = BigInt(utc) * NANOSECONDS_PER_MILLISECOND - BigInt(offset) * NANOSECONDS_PER_SECOND + fraction;
  return time < 0n ? null : time;
}

function offsetSeconds(sign: string | undefined, hours: number, minutes: number): number | null {
  if (hours > 23 || minutes > 59) return null;
  return (sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

/** "2026-11-25T18:00:00Z", with as many digits of a second as the time has; absurd times as numbers. */
export function formatRfc3339(nanoseconds: bigint): string {
  if (nanoseconds < 0n || nanoseconds > MAX_TIME) return `${nanoseconds} ns`;
  const seconds = new Date(Number(nanoseconds / NANOSECONDS_PER_MILLISECOND)).toISOString().slice(0, 19);
  const rest = nanoseconds % NANOSECONDS_PER_SECOND;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${seconds}${fraction}Z`;
}
