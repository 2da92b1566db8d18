/**
 * The one rule for every file that is written because the user named it. `-` is standard output; pipes and
 * devices are written to; a link is followed. Nothing is written into a database, and a file is replaced only
 * by one of the same kind.
 */
import { statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { segmentIndexOf } from '../format/file-names.ts';
import { writeFileDurably } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { LOCK_FILE } from './lock.ts';
import { OWN_DIR } from './root-set.ts';
import { lstatOrNull, SEGMENTS_DIR } from './roots.ts';
import { writeToStream } from './stream-output.ts';

/** What may be written, and where. */
export interface OutputRule {
  /** The kind of the file, for messages: "plan". */
  readonly what: string;
  /** Real paths of the directories of a database: its roots, its snapshot directory. */
  readonly databaseDirs: readonly string[];
  /** Whether a file with this beginning is an earlier one of the same kind, and may be replaced. */
  readonly isEarlier: (head: Buffer) => boolean;
  /** Replace any file; a path inside a database stays refused. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Output =
  | { readonly kind: 'stdout' | 'stream'; readonly path: string }
  /** `old` is the replaced file. */
  | { readonly kind: 'file'; readonly path: string; readonly old: FileStat | null };

/** Bytes of an existing file that identify its kind. */
const HEAD_BYTES = 4096;

/** How many names of a directory are read: it may have millions. */
const MAX_LOOKS = 1000;

/** As many links as the system follows. */
const MAX_LINKS = 40;

/** Whether a name stands for standard output: `-`, and every other name of the same pipe, terminal or file. */
export function isStandardOutput(path: string): boolean {
  if (path === '-') return true;
  try {
    const [named, standard] = [statSync(path), statSync('/proc/self/fd/1')];
    return named.dev === standard.dev && named.ino === standard.ino;
  } catch {
    return false; // nothing there, or no such list of descriptors
  }
}

/**
 * Refuses an output that cannot be written, before any work is done for it.
 * @throws RollbackError ERR_USAGE, ERR_IO
 */
export function refuseOutput(fs: DurableFs, path: string, rule: OutputRule): void {
  outputOf(fs, path, rule);
}

/**
 * Writes an output that the user named; a file appears whole, or not at all.
 * @throws RollbackError ERR_USAGE, ERR_IO, ERR_INTERRUPTED
 */
export async function writeOutput(
  fs: DurableFs,
  path: string,
  bytes: Uint8Array,
  rule: OutputRule,
): Promise<void> {
  const output = outputOf(fs, path, rule);
  try {
    if (output.kind === 'file') {
      const { uid, gid } = output.old ?? fs.lstat(dirname(output.path));
      writeFileDurably(fs, output.path, bytes, { mode: output.old?.mode ?? 0o644, uid, gid });
    } else if (output.kind === 'stream') await writeToStream(output.path, bytes, rule.signal);
    else await writeToStandardOutput(bytes);
  } catch (error) {
    if (rule.signal?.aborted === true && !(error instanceof RollbackError))
      throw new RollbackError('ERR_INTERRUPTED', { what: 'Interrupted', why: UNWRITTEN }, { path }, error);
    throw ioError(error, path, `write a ${rule.what}`);
  }
}

function outputOf(fs: DurableFs, path: string, rule: OutputRule): Output {
  if (isStandardOutput(path)) return { kind: 'stdout', path };
  const real = followed(fs, path);
  const inside = databaseAround(fs, real, rule.databaseDirs);
  if (inside !== null) {
    throw outputError(path, `A ${rule.what} would be written into a database: ${inside}`, ELSEWHERE);
  }
  const stream = streamKind(path);
  if (stream === 'stream') return { kind: 'stream', path };
  if (stream === 'other') throw outputError(path, 'The output is neither a file nor a pipe', ELSEWHERE);
  const old = lstatOrNull(fs, real);
  if (old?.kind === 'directory')
    throw outputError(path, 'The output is a directory', 'Give the name of a file in it');
  if (old !== null && rule.force !== true && !isEmptyOrEarlier(fs, real, rule.isEarlier)) {
    const next = 'Give the name of a file that does not exist, or add --force to replace this one';
    throw outputError(path, `The file exists and is not a ${rule.what} of this program`, next);
  }
  return { kind: 'file', path: real, old };
}

/** The real path behind all links, even if it does not exist. */
function followed(fs: DurableFs, path: string): string {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const cut = at.lastIndexOf(sep);
    const name = at.slice(cut + 1);
    const real = ['', '.', '..'].includes(name)
      ? realOf(fs, path, at)
      : join(realOf(fs, path, cut < 0 ? '.' : at.slice(0, cut) || sep), name);
    if (lstatOrNull(fs, real)?.kind !== 'link') return real;
    const target = fs.readlink(real);
    // Not joined: the system must resolve `..` after a link.
    at = target.startsWith(sep) ? target : `${dirname(real)}${sep}${target}`;
  }
  throw outputError(path, 'The output is a link that leads in a circle', ELSEWHERE);
}

function realOf(fs: DurableFs, path: string, dir: string): string {
  try {
    const real = fs.realpath(dir);
    if (fs.lstat(real).kind === 'directory') return real;
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw ioError(error, dir, 'resolve an output');
  }
  throw outputError(path, 'The directory of the output does not exist', 'Create it, or name another file');
}

/**
 * The directory of a database in which a real path lies; null when it lies in none.
 * @param databaseDirs known directories of a database; those of others are recognised by their contents
 */
export function databaseAround(fs: DurableFs, path: string, databaseDirs: readonly string[]): string | null {
  const known = new Set<string | null>(databaseDirs.map((dir) => identityOf(fs, dir)));
  known.delete(null);
  for (let dir = path; dirname(dir) !== dir; dir = dirname(dir)) {
    if (known.has(identityOf(fs, dir)) || basename(dir) === OWN_DIR) return dir;
    if (dir !== path && looksLikeRoot(fs, dir)) return dir;
  }
  return null;
}

/** Identifies a directory, whatever path or mount leads there; null if it cannot be read. */
function identityOf(fs: DurableFs, dir: string): string | null {
  try {
    const { dev, ino } = fs.lstat(fs.realpath(dir));
    return `${dev}:${ino}`;
  } catch {
    return null; // the command itself says that
  }
}

/** A root that was not given belongs to a database, too. */
function looksLikeRoot(fs: DurableFs, dir: string): boolean {
  const names = namesIn(fs, dir).slice(0, MAX_LOOKS);
  if (names.includes(LOCK_FILE) || names.includes(OWN_DIR)) return true;
  return names.some((name) =>
    namesIn(fs, join(dir, name, SEGMENTS_DIR)).some((file) => segmentIndexOf(file) !== null),
  );
}

/** Empty unless it is a directory that may be read. */
function namesIn(fs: DurableFs, dir: string): string[] {
  try {
    return fs.readdir(dir);
  } catch {
    return [];
  }
}

/** The kind of the path behind all links, unless it is a file or a directory. A disk is never an output. */
function streamKind(path: string): 'stream' | 'other' | null {
  try {
    const stat = statSync(path);
    if (stat.isFIFO() || stat.isCharacterDevice()) return 'stream';
    return stat.isBlockDevice() || stat.isSocket() ? 'other' : null;
  } catch {
    return null; // nothing there, or behind a link to nowhere
  }
}

/** Whether a file holds nothing that could be lost: `mktemp` makes an empty one. */
export function isEmptyOrEarlier(fs: DurableFs, path: string, isEarlier: OutputRule['isEarlier']): boolean {
  try {
    const fd = fs.open(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      const count = fs.readAt(fd, head, 0);
      return count === 0 || isEarlier(head.subarray(0, count));
    } finally {
      fs.close(fd);
    }
  } catch {
    return false; // an unreadable file is not a file of this program
  }
}

function writeToStandardOutput(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

const UNWRITTEN = 'Nothing was written';

const ELSEWHERE = 'Name a file outside of every database; `-` is standard output';

function outputError(path: string, what: string, next: string): RollbackError {
  return new RollbackError('ERR_USAGE', { what, why: UNWRITTEN, next }, { path });
}
