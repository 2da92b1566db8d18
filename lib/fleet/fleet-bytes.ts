/** The bytes of a fleet file, and the text in them. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { describeErrno } from '../errno.ts';
import { errnoOf, hasErrno, RollbackError } from '../errors.ts';
import { readSmallFile } from '../store/durable-files.ts';
import { realFs } from '../store/durable-fs.ts';
import { fleetError, fleetMistakesError } from './fleet-mistakes.ts';

/** Room for more than 50,000 nodes. */
const MAX_BYTES = 4 << 20;

/** A fleet file as text. */
export interface FleetText {
  /** Without a byte order mark. */
  readonly text: string;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly digest: string;
  /** The directory at which relative paths start, absolute and without links. */
  readonly base: string;
}

/**
 * Reads a fleet file. A link to it is followed: a fleet may be mounted as one.
 * @param path absolute
 * @throws RollbackError ERR_FLEET
 */
export function readFleetText(path: string): FleetText {
  let bytes: Buffer;
  let base: string;
  try {
    bytes = readSmallFile(realFs, realFs.realpath(path), MAX_BYTES, 'ERR_FLEET');
    base = realFs.realpath(dirname(path));
  } catch (error) {
    throw unreadableError(path, error);
  }
  const text = bytes.toString('utf8');
  const encoded = Buffer.from(text);
  if (!encoded.equals(bytes)) throw encodingError(path, bytes, encoded);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { text: text.replace(/^\ufeff/, ''), digest, base };
}

function unreadableError(path: string, error: unknown): RollbackError {
  const unusableError = (what: string, next: string): RollbackError =>
    fleetError(path, what, next, [], error);
  const code = error instanceof RollbackError ? error.code : null;
  if (hasErrno(error, 'ENOENT', 'ENOTDIR'))
    return unusableError('The fleet file does not exist', 'Correct the path of the fleet file');
  if (code === 'ERR_NOT_A_REGULAR_FILE')
    return unusableError(
      'The fleet file is not a regular file',
      'Name a file; what a command prints is saved to one first',
    );
  if (code === 'ERR_FLEET')
    return unusableError(
      `The fleet file has more than ${MAX_BYTES >> 20} MiB`,
      'Check that the path is that of a fleet file; share a larger fleet among several files',
    );
  if (code === 'ERR_CHANGED_WHILE_READING')
    return unusableError('The fleet file changed while it was read', 'Run the same command again');
  const reason = errnoOf(error);
  if (reason === null) throw error;
  return unusableError(
    `The fleet file cannot be read: ${describeErrno(reason)}`,
    'Check who may read it, and its disk',
  );
}

function encodingError(path: string, bytes: Buffer, encoded: Buffer): RollbackError {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return fleetError(path, 'The fleet file is UTF-16, and must be UTF-8', 'Save it as UTF-8');
  const at = bytes.findIndex((byte, i) => byte !== encoded[i]);
  const shown = `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`;
  const before = bytes.toString('utf8', 0, at);
  return fleetMistakesError(path, before, [
    { at: before.length, text: `the byte ${shown} is not UTF-8: save the file as UTF-8` },
  ]);
}
