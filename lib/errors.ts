/**
 * The one error class of this project and its stable codes.
 *
 * A code never changes its meaning; messages may improve. The kind of a code decides the exit code of the
 * command (lib/cli/exit-codes.ts).
 */

/** The sort of an error; it decides the command's exit code. */
export type ErrorKind =
  | 'defect'
  | 'usage'
  | 'refused'
  | 'damaged'
  | 'locked'
  | 'unfinished'
  | 'system'
  | 'interrupted';

const KINDS = {
  // usage
  ERR_USAGE: 'usage',
  ERR_TARGET_UNREADABLE: 'usage',
  ERR_SCHEMA_UNREADABLE: 'usage',
  // refused: understood, but unsafe or impossible
  ERR_ROOT_NOT_FOUND: 'refused',
  ERR_ROOT_NOT_A_DIRECTORY: 'refused',
  ERR_ROOT_IS_A_TABLE: 'refused',
  ERR_ROOT_IS_A_SEGMENTS_DIRECTORY: 'refused',
  ERR_ROOT_WITHOUT_TABLE: 'refused',
  ERR_ROOT_TWICE: 'refused',
  ERR_ROOT_NESTED: 'refused',
  ERR_ROOT_FORGOTTEN: 'refused',
  ERR_HOME_WITHOUT_DATABASE: 'refused',
  ERR_TABLE_TWICE: 'refused',
  ERR_ROOTS_UNCERTAIN: 'refused',
  ERR_SYMBOLIC_LINK: 'refused',
  ERR_NOT_A_REGULAR_FILE: 'refused',
  ERR_TABLE_UNKNOWN: 'refused',
  ERR_NO_MATCH: 'refused',
  ERR_BELOW_WATERMARK: 'refused',
  ERR_HEIGHT_UNREACHABLE: 'refused',
  ERR_TIME_UNREACHABLE: 'refused',
  ERR_STRAGGLERS: 'refused',
  ERR_SCHEMA_UNKNOWN: 'refused',
  ERR_SCHEMA_MISFIT: 'refused',
  ERR_SCHEMA_FAILED: 'refused',
  ERR_STORE_NEEDS: 'refused',
  ERR_ORPHAN_WITH_DATA: 'refused',
  ERR_CHAIN_BELOW_WATERMARK: 'refused',
  ERR_DELETE_UNCERTAIN: 'refused',
  ERR_SNAPSHOT_DIR_NEEDED: 'refused',
  ERR_SNAPSHOT_DIR_WRONG: 'refused',
  ERR_FILTER_FAILED: 'refused',
  ERR_CALLBACK_FAILED: 'refused',
  ERR_MAX_REMOVE: 'refused',
  ERR_PLAN_INVALID: 'refused',
  ERR_PLAN_STALE: 'refused',
  ERR_PLAN_UNLOCKED: 'refused',
  ERR_NOT_CONFIRMED: 'refused',
  ERR_NOTHING_TO_UNDO: 'refused',
  ERR_UNDO_REFUSED: 'refused',
  ERR_PREFLIGHT: 'refused',
  ERR_TRANSACTION_UNKNOWN: 'refused',
  // damaged: the files contradict the format
  ERR_BAD_FILE_NAME: 'damaged',
  ERR_SAME_FILE_TWICE: 'damaged',
  ERR_FILE_MISSING: 'damaged',
  ERR_SEGMENT_MISSING: 'damaged',
  ERR_TOO_MANY_VALUE_FILES: 'damaged',
  ERR_METADATA: 'damaged',
  ERR_UNSUPPORTED_VERSION: 'damaged',
  ERR_WATERMARK: 'damaged',
  ERR_BOUNDARY: 'damaged',
  ERR_KEY_RECORD: 'damaged',
  ERR_GROUP: 'damaged',
  ERR_ADDRESS: 'damaged',
  ERR_KEY_COUNT: 'damaged',
  ERR_VERIFY_FAILED: 'damaged',
  ERR_JOURNAL: 'damaged',
  // locked
  ERR_LOCKED: 'locked',
  ERR_LOCK_UNREADABLE: 'locked',
  ERR_CHANGED_WHILE_READING: 'locked',
  // unfinished: part of the work is done
  ERR_UNFINISHED: 'unfinished',
  ERR_RESULT_WRONG: 'unfinished',
  // the operating system
  ERR_IO: 'system',
  // signals
  ERR_INTERRUPTED: 'interrupted',
  // a defect of this program
  ERR_DEFECT: 'defect',
} as const satisfies Record<string, ErrorKind>;

/** Every stable code. */
export type ErrorCode = keyof typeof KINDS;

/** All codes, for documentation and tests. */
export const ERROR_CODES = Object.keys(KINDS) as readonly ErrorCode[];

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
  readonly why?: string | undefined;
  readonly next?: string | undefined;
}

/** The one error class. `code` is stable; `kind` follows from it. */
export class RollbackError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly what: string;
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly place: ErrorPlace;

  constructor(code: ErrorCode, text: ErrorText, place: ErrorPlace = {}, cause?: unknown) {
    super(composeMessage(text, place), cause === undefined ? undefined : { cause });
    this.name = 'RollbackError';
    this.code = code;
    this.kind = KINDS[code];
    this.what = text.what;
    this.why = text.why;
    this.next = text.next;
    this.place = place;
  }

  /** The same error with missing parts of the place filled in; parts that are known stay. */
  at(place: ErrorPlace): RollbackError {
    const text = { what: this.what, why: this.why, next: this.next };
    return new RollbackError(this.code, text, { ...place, ...defined(this.place) }, this.cause);
  }

  /** The same error, with a later failure added: the first failure stays the one that is reported. */
  also(later: RollbackError): RollbackError {
    const where = describePlace(later.place);
    const added = `Besides, ${lowerFirst(later.what)}${where === '' ? '' : ` (${where})`}`;
    const why = [this.why, added, later.why].filter((part) => part !== undefined).join('. ');
    return new RollbackError(this.code, { what: this.what, why, next: this.next }, this.place, this.cause);
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function defined(place: ErrorPlace): ErrorPlace {
  return Object.fromEntries(Object.entries(place).filter(([, v]) => v !== undefined));
}

function composeMessage(text: ErrorText, place: ErrorPlace): string {
  const where = describePlace(place);
  const parts = [where === '' ? text.what : `${text.what} (${where})`];
  if (text.why !== undefined) parts.push(text.why);
  if (text.next !== undefined) parts.push(text.next);
  return parts.map((p) => (/[.!?:]$/.test(p) ? p : `${p}.`)).join(' ');
}

/** "table blobs, segment 4, record 31, /path/to/4.keys at byte 1320"; '' when nothing is known. */
export function describePlace(place: ErrorPlace): string {
  const parts: string[] = [];
  if (place.table !== undefined) parts.push(`table ${place.table}`);
  if (place.segment !== undefined) parts.push(`segment ${place.segment}`);
  if (place.record !== undefined) parts.push(`record ${place.record}`);
  if (place.path !== undefined) parts.push(place.path);
  const where = parts.join(', ');
  if (place.offset === undefined) return where;
  return where === '' ? `at byte ${place.offset}` : `${where} at byte ${place.offset}`;
}

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
  return new RollbackError(
    'ERR_IO',
    {
      what: known?.what ?? `The operating system refused to ${doing}: ${errno}`,
      why: state ?? UNCHANGED,
      next: hintFor(errno ?? '', state === undefined),
    },
    known?.place ?? { path: pathOf(error) ?? path },
    cause,
  );
}

/** What the user does about a defect: the command prints where it happened. */
export const REPORT_DEFECT = 'Please report it together with the lines below';

/** The errno of an error of the system; null for any other. */
export function errnoOf(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : null;
}

function pathOf(error: unknown): string | undefined {
  const path = (error as NodeJS.ErrnoException | null)?.path;
  return typeof path === 'string' ? path : undefined;
}

/** A state other than "unchanged" names the command to run next, and that is seldom the same command again. */
function hintFor(errno: string, again: boolean): string {
  const thenAgain = again ? ' and run the same command again' : '';
  switch (errno) {
    case 'EACCES':
    case 'EPERM':
      return "Run as the node's user (or root), or repair the permissions";
    case 'EROFS':
      return 'The file system is read-only: mount it for writing, or use `plan --no-lock` to look only';
    case 'ENOSPC':
    case 'EDQUOT':
      return `Free some space on that file system${thenAgain}`;
    case 'EIO':
      return 'The disk reports an error: check the kernel log before anything else';
    default:
      return `Repair the cause${thenAgain}`;
  }
}

/** True for an Error with this errno code, e.g. `hasErrno(e, 'ENOENT')`. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(errnoOf(error) ?? '');
}
