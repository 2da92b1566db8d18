/** The text inside `litt.lock`. */
import { trimSpace } from './trim-space.ts';

const PID_PREFIX = 'PID: ';
const TIMESTAMP_PREFIX = 'Timestamp: ';

/** Decimal digits that the engine's 64-bit parser can always take. */
const MAX_DIGITS = 18;

/** Process numbers are positive 32-bit numbers to the kernel. */
const MAX_PID = 0x7fff_ffff;

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** A lock's text as the engine writes it: process number and time, to the second and in UTC. */
export function formatLockText(pid: number, at: Date): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  return `${PID_PREFIX}${pid}\n${TIMESTAMP_PREFIX}${time}\n`;
}

/**
 * Whom a lock's text names. `pid` is null where the engine finds no process number either, and then refuses
 * to open: no line that starts (trimmed) with `PID: `, or the first such line holds no integer. Numbers below
 * 1 are returned: to the engine they are dead processes. Numbers beyond 32 bits count as null, though the
 * engine would ask the kernel about their low half: no process can have them. `since` is the time as written,
 * null unless it is RFC 3339; nothing depends on it.
 */
export function parseLockText(text: string): { pid: number | null; since: string | null } {
  let pid: number | null | undefined;
  let since: string | null = null;
  for (const raw of text.split('\n')) {
    const line = trimSpace(raw);
    if (pid === undefined && line.startsWith(PID_PREFIX)) pid = parsePid(line.slice(PID_PREFIX.length));
    if (since === null && line.startsWith(TIMESTAMP_PREFIX)) {
      const time = line.slice(TIMESTAMP_PREFIX.length);
      if (RFC_3339.test(time)) since = time;
    }
  }
  return { pid: pid ?? null, since };
}

function parsePid(text: string): number | null {
  if (!/^[+-]?[0-9]+$/.test(text)) return null;
  const digits = text.replace(/^[+-]/, '').replace(/^0+(?=[0-9])/, '');
  if (digits.length > MAX_DIGITS) return null;
  const value = Number(digits);
  if (text.startsWith('-')) return 0 - value;
  return value <= MAX_PID ? value : null;
}
