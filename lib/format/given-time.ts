/** A time as the user types it: RFC 3339, a date, the output of other tools, or an age. */
import { parseRfc3339 } from './rfc3339.ts';

const DATE = /^(\d{4}-\d\d-\d\d)(?:[Tt ]+(\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;

const AGO = /^(\d{1,9})\s*([a-z]+?)s?(?:\s+ago)?$/i;

const NANOSECONDS_PER_SECOND = 1_000_000_000n;

const SECONDS: Readonly<Record<string, bigint>> = {
  s: 1n,
  sec: 1n,
  second: 1n,
  m: 60n,
  min: 60n,
  minute: 60n,
  h: 3600n,
  hour: 3600n,
  d: 86_400n,
  day: 86_400n,
  w: 604_800n,
  week: 604_800n,
};

/**
 * Nanoseconds since 1970; null when the text is not a time, or lies before 1970. A time without a zone is UTC;
 * a date without a time is its first moment.
 * @param now nanoseconds since 1970
 */
export function parseGivenTime(text: string, now: bigint): bigint | null {
  const given = text.trim();
  const exact = parseRfc3339(given);
  if (exact !== null) return exact;
  const date = DATE.exec(given);
  if (date !== null) {
    const [, day, minutes = '00:00', seconds = ':00', zone = 'Z'] = date;
    return parseRfc3339(`${day}T${minutes}${seconds}${zoneOf(zone)}`);
  }
  const ago = AGO.exec(given);
  const unit = SECONDS[ago?.[2]?.toLowerCase() ?? ''];
  if (ago === null || unit === undefined) return null;
  const time = now - BigInt(ago[1]!) * unit * NANOSECONDS_PER_SECOND;
  return time < 0n ? null : time;
}

function zoneOf(zone: string): string {
  if (!/^[+-]/.test(zone)) return 'Z';
  return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}
