/** The one error class of this project, and the errors of the system in it. Messages may improve; codes may not. */
import { describeErrno, errnoName, hintForErrno, isErrno } from './errno.ts';
import { type ErrorCode, type ErrorKind, KINDS } from './error-codes.ts';
import { lacksInodes } from './no-room.ts';

export { ERROR_CODES, type ErrorCode, type ErrorKind } from './error-codes.ts';

/** Where in a database the error is; every part is optional. Offsets are bytes from the file's start. */
export interface ErrorPlace {
  readonly path?: string | undefined;
  readonly table?: string | undefined;
  readonly segment?: number | undefined;
  readonly offset?: number | undefined;
  /** Record number in its segment, from 0, oldest first. */
  readonly record?: number | undefined;
}

/** What the user needs to know: what was found, why it matters, and what to do next. */
export interface ErrorText {
  readonly what: string;
  /** Its parts, where there are several: each is shown in a line of its own. */
  readonly details?: readonly string[] | undefined;
  readonly why?: string | undefined;
  readonly next?: string | undefined;
}

/** The one error class. `code` is stable; `kind` follows from it. */
export class RollbackError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly what: string;
  /** Parts of what was found, each a sentence; mostly none. */
  readonly details: readonly string[];
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly place: ErrorPlace;

  constructor(code: ErrorCode, text: ErrorText, place: ErrorPlace = {}, cause?: unknown) {
    super(composeMessage(text, place), cause === undefined ? undefined : { cause });
    this.name = 'RollbackError';
    this.code = code;
    this.kind = KINDS[code];
    this.what = text.what;
    this.details = text.details ?? [];
    this.why = text.why;
    this.next = text.next;
    this.place = place;
  }

  /** The same error with missing parts of the place filled in; parts that are known stay. */
  at(place: ErrorPlace): RollbackError {
    const known = Object.entries(this.place).filter(([, part]) => part !== undefined);
    return this.saying({}, { ...place, ...Object.fromEntries(known) });
  }

  /** The same error in other words; those that are not given stay, and so does where it happened in the program. */
  saying(words: Partial<ErrorText>, place = this.place): RollbackError {
    const text = { what: this.what, details: this.details, why: this.why, next: this.next, ...words };
    return Object.assign(new RollbackError(this.code, text, place, this.cause), { stack: this.stack });
  }

  /** The same error, with a later failure added: the first failure stays the one that is reported. */
  also(later: RollbackError): RollbackError {
    const where = describePlace(later.place);
    const added = `Besides, ${later.what.charAt(0).toLowerCase()}${later.what.slice(1)}${where === '' ? '' : ` (${where})`}`;
    const why = [this.why, added, later.why].filter((part) => part !== undefined).join('. ');
    return this.saying({ why });
  }
}

function composeMessage(text: ErrorText, place: ErrorPlace): string {
  const where = describePlace(place, text.what);
  const parts = [where === '' ? text.what : `${text.what} (${where})`, ...(text.details ?? [])];
  if (text.why !== undefined) parts.push(text.why);
  if (text.next !== undefined) parts.push(text.next);
  return parts.map((p) => (/[.!?:]$/.test(p) ? p : `${p}.`)).join(' ');
}

/**
 * "table blobs, segment 4, record 31, /path/to/4.keys at byte 1320"; '' when nothing is known.
 * @param said text beside it: a path that stands there as a word is not said twice
 */
export function describePlace({ table, segment, record, path, offset }: ErrorPlace, said = ''): string {
  const where = [
    ...(table === undefined ? [] : [`table ${table}`]),
    ...(segment === undefined ? [] : [`segment ${segment}`]),
    ...(record === undefined ? [] : [`record ${record}`]),
    ...(path === undefined || said.split(/[\s,:;()]+/).includes(path) ? [] : [path]),
  ].join(', ');
  return offset === undefined ? where : `${where} at byte ${offset}`.trimStart();
}

const NO_INODES = 'ENOSPC, no inodes left on device';

const UNCHANGED = 'Nothing was changed';

/**
 * Wraps an operating system error so that it names its path (or the given one) and says what state is left. An
 * error that is wrapped already keeps its words, except the state: code that only reads cannot know it, so the
 * caller's state replaces it. An error without an errno is a defect of this program.
 * @param state omit it when nothing was changed
 */
export function ioError(error: unknown, path: string, doing: string, state?: string): RollbackError {
  const known = error instanceof RollbackError ? error : null;
  if (known !== null && (known.code !== 'ERR_IO' || known.why !== UNCHANGED || state === undefined))
    return known;
  const cause = known === null ? error : known.cause;
  const errno = errnoOf(cause);
  if (known === null && errno === null) {
    const text = { what: `This program failed to ${doing}: ${String(cause)}`, why: state ?? UNCHANGED };
    return new RollbackError('ERR_DEFECT', { ...text, next: REPORT_DEFECT }, { path }, cause);
  }
  const place = known?.place ?? { path: pathOf(error) ?? path };
  const noInodes = errno === 'ENOSPC' && lacksInodes(cause, place.path ?? path);
  return new RollbackError(
    'ERR_IO',
    {
      what:
        known?.what ??
        `The operating system refused to ${doing}: ${noInodes ? NO_INODES : describeErrno(errno ?? '')}`,
      why: state ?? UNCHANGED,
      next: hintForErrno(errno ?? '', state === undefined, noInodes),
    },
    place,
    cause,
  );
}

/** ioError() for errors of the system, wrapped or not; any other error goes on as it is. */
export function asIoError(error: unknown, path: string, doing: string, state?: string): unknown {
  const isSystems = error instanceof RollbackError || errnoOf(error) !== null;
  return isSystems ? ioError(error, path, doing, state) : error;
}

/**
 * Does work, and gives errors of the system that it lets through as ERR_IO.
 * @param path where none of them says which file it was
 * @throws RollbackError ERR_IO; what the work throws otherwise
 */
export async function withIoErrors<T>(path: string, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asIoError(error, path, doing);
  }
}

/** What the user does about a defect: the command prints where it happened. */
export const REPORT_DEFECT = 'Please report it together with the lines below';

/** The errno of an error of the system; null for any other. */
export function errnoOf(error: unknown): string | null {
  const code = codeOf(error);
  return code !== null && isErrno(code) ? code : null;
}

/** Node has codes of its own, for wrong arguments say, beside the names of the system's errors. */
function codeOf(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? errnoName(code) : null;
}

function pathOf(error: unknown): string | undefined {
  const path = (error as NodeJS.ErrnoException | null)?.path;
  return typeof path === 'string' ? path : undefined;
}

/**
 * Whether an error, wrapped or not, says that there is no room: no bytes, no inodes, or none for this user. One of a
 * sync does not: after it, what is on the disk is unknown.
 */
export function isNoRoom(error: unknown): boolean {
  const cause = error instanceof RollbackError ? error.cause : error;
  return hasErrno(cause, 'ENOSPC', 'EDQUOT') && !/sync/i.test((cause as NodeJS.ErrnoException).syscall ?? '');
}

/** True for an Error with one of these codes, e.g. `hasErrno(e, 'ENOENT')`. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(codeOf(error) ?? '');
}
