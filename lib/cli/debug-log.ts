/**
 * The debug log: LITT_ROLLBACK_DEBUG=FILE appends a line to FILE for each call to the file system and each
 * phase. It is loaded only when the variable is set. It never decides what the command does: when it fails, it
 * ends.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf, RollbackError } from '../errors.ts';
import { type Phase, type PhaseFacts, watchPhases } from '../phases.ts';
import { openAppend, realFs } from '../store/durable-fs.ts';
import { databaseAround, isEmptyOrEarlier } from '../store/output-file.ts';
import { lstatOrNull } from '../store/roots.ts';
import { quoted, traceCalls } from '../store/tracing-fs.ts';
import { programVersion } from '../version.ts';

const DEBUG_VARIABLE = 'LITT_ROLLBACK_DEBUG';

/** Directories of a database, as given on the command line. */
export interface GivenDirs {
  readonly src?: readonly string[];
  readonly snapshotDir?: string;
}

/**
 * Opens the log and writes to it until the process ends.
 * @param warn takes one line when the log has failed
 * @throws RollbackError ERR_USAGE
 */
export function startDebugLog(
  path: string,
  argv: readonly string[],
  given: GivenDirs,
  warn: (text: string) => void,
): void {
  const append = openLog(path, given);
  let isOn = true;
  const write = (text: string, at = performance.now()): void => {
    if (!isOn) return;
    try {
      // Several commands may append to one file: each line names its process.
      append(`${process.pid} +${at.toFixed(3).padStart(8, '0')} ms  ${text}\n`);
    } catch (error) {
      isOn = false;
      warn(`warning: the debug log ${quoted(path)} ends here: ${errnoOf(error) ?? String(error)}\n`);
    }
  };
  const note = (phase: Phase, facts: PhaseFacts): void => {
    const words = facts.map((fact) => (typeof fact === 'string' ? quoted(fact) : String(fact)));
    write(`== ${[phase, ...words].join(' ')}`);
  };
  note('start', [programVersion(), process.version, new Date().toISOString(), ...argv]);
  traceCalls(realFs, write);
  watchPhases(note);
  process.on('exit', (code) => note('exit', [code]));
}

function openLog(path: string, given: GivenDirs): (text: string) => void {
  if (path === '-') throw debugLogError(path, 'The debug log must be a file: standard output is for results');
  try {
    // The file's name may be a link: openAppend() refuses that.
    const file = join(realFs.realpath(dirname(resolve(path))), basename(path));
    refuseDatabasePlace(path, file, given);
    refuseSharedFile(path, file);
    refuseForeignFile(path, file);
    return openAppend(file);
  } catch (error) {
    if (error instanceof RollbackError) throw error;
    throw debugLogError(path, `The debug log cannot be opened: ${errnoOf(error) ?? String(error)}`, error);
  }
}

/** The log is never written into a database. */
function refuseDatabasePlace(path: string, file: string, { src = [], snapshotDir }: GivenDirs): void {
  const dirs = [...src, ...(snapshotDir === undefined || snapshotDir === 'none' ? [] : [snapshotDir])];
  const inside = databaseAround(realFs, file, dirs);
  if (inside !== null) {
    throw debugLogError(path, `The debug log would lie in a directory of a database: ${inside}`);
  }
}

/** Log lines are not appended to a file of another kind. */
function refuseForeignFile(path: string, file: string): void {
  if (lstatOrNull(realFs, file)?.kind !== 'file') return;
  const isLog = (head: Buffer): boolean => /^\d+ \+[\d.]+ ms {2}/.test(head.toString('latin1'));
  if (!isEmptyOrEarlier(realFs, file, isLog))
    throw debugLogError(path, 'The file exists and is not a debug log of this program');
}

/** Another name of the same file may lie in a database. */
function refuseSharedFile(path: string, file: string): void {
  let links = 1;
  try {
    const stat = realFs.lstat(file);
    if (stat.kind === 'file') links = stat.nlink;
  } catch {
    return; // missing, or opening it fails too
  }
  if (links > 1) throw debugLogError(path, 'The debug log is a file with another name (a hard link)');
}

function debugLogError(path: string, what: string, cause?: unknown): RollbackError {
  const next = `Set ${DEBUG_VARIABLE} to a file outside of every database, or unset it`;
  return new RollbackError('ERR_USAGE', { what, why: 'Nothing was changed', next }, { path }, cause);
}
