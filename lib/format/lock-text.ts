/** The text inside `litt.lock`. */
import { trimSpace } from './trim-space.ts';

const PID_PREFIX = 'PID: ';
const TIMESTAMP_PREFIX = 'Timestamp: ';

/** Decimal digits that the engine's 64-bit parser can always take. */
const MAX_DIGITS = 18;

/** Process numbers are positive 32-bit numbers to the kernel. */
const MAX_PID = 0x7fff_ffff;

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The identity of a process, distinct from every other: more than the engine writes into its lock. */
export interface LockOwner {
  readonly pid: number;
  /** Boot of the machine; empty where the system does not report it. */
  readonly boot: string;
  /** Start time in clock ticks since boot; empty where the system does not report it. */
  readonly started: string;
  /** The number space that `pid` belongs to; empty where the system does not report it. */
  readonly space: string;
}

/** The lines of this program. The engine skips them: it stops at `PID: `. */
const OWNER_LINES = { boot: 'Boot: ', started: 'Started: ', space: 'Space: ' } as const;

/**
 * A lock's text: process number and time (to the second, in UTC) as the engine writes them, then the rest of
 * the process's identity.
 */
export function formatLockText(owner: LockOwner, at: Date): string {
  const time = at.toISOString().replace(/\.\d+Z$/, 'Z');
  const own = Object.entries(OWNER_LINES).map(
    ([part, prefix]) => `${prefix}${owner[part as keyof LockOwner]}\n`,
  );
  return `${PID_PREFIX}${owner.pid}\n${TIMESTAMP_PREFIX}${time}\n${own.join('')}`;
}

/** The process that a lock of this program names; null for the engine's locks and all others. */
export function parseLockOwner(text: string): LockOwner | null {
  const { pid } = parseLockText(text);
  if (pid === null || pid < 1) return null;
  const lines = text.split('\n');
  const of = (prefix: string): string | undefined =>
    lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
  const [boot, started, space] = [of(OWNER_LINES.boot), of(OWNER_LINES.started), of(OWNER_LINES.space)];
  if (boot === undefined || started === undefined || space === undefined) return null;
  return { pid, boot, started, space };
}

/**
 * The process that a lock's text names. `pid` is null where the engine finds no process number either, and then
 * refuses to open: no line that starts (trimmed) with `PID: `, or the first such line holds no integer. Numbers
 * below 1 are returned: to the engine they are dead processes. Numbers beyond 32 bits count as null, because no
 * process can have them, though the engine would ask the kernel about their low half. `since` is the time as
 * written, null unless it is RFC 3339; nothing depends on it.
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
