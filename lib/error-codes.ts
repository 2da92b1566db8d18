/**
 * The stable codes of errors. A code never changes its meaning. Its kind decides the exit code of the command
 * (lib/cli/exit-codes.ts).
 */

/** What sort of trouble an error is; the command's exit code follows from it. */
export type ErrorKind =
  | 'defect'
  | 'usage'
  | 'refused'
  | 'damaged'
  | 'locked'
  | 'unfinished'
  | 'system'
  | 'interrupted';

/** The exit code of the command for each kind; the other exit codes are in lib/cli/exit-codes.ts. */
export const EXIT_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  defect: 1,
  usage: 2,
  refused: 3,
  damaged: 4,
  locked: 5,
  unfinished: 6,
  system: 7,
  interrupted: 130,
};

/** The kind of each code. */
export const KINDS = {
  // usage
  ERR_USAGE: 'usage',
  ERR_FLEET: 'usage',
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
  ERR_HOME_CONFIG: 'refused',
  ERR_LOG_INDEX: 'refused',
  ERR_LOG_INDEX_NEEDED: 'refused',
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
  ERR_RUN: 'refused',
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
  ERR_PATH_BYTES: 'system',
  ERR_WORKER: 'system',
  // signals
  ERR_INTERRUPTED: 'interrupted',
  // a defect of this program
  ERR_DEFECT: 'defect',
} as const satisfies Record<string, ErrorKind>;

/** Every stable code. */
export type ErrorCode = keyof typeof KINDS;

/** All codes, for documentation and tests. */
export const ERROR_CODES = Object.keys(KINDS) as readonly ErrorCode[];
