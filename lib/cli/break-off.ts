/** Breaks off code of a user that never returns, at Ctrl-C: nothing else reaches a process that is busy in one call. */
import { Script } from 'node:vm';
import { hasErrno, RollbackError } from '../errors.ts';

/** Where the script finds what to call: a script has a global object only. */
const WORK = Symbol.for('litt-rollback.work');

const script = new Script(`globalThis[Symbol.for('litt-rollback.work')]()`);

/**
 * Runs work; SIGINT ends it wherever it is.
 * @throws RollbackError ERR_INTERRUPTED
 */
export function breakOffAtInterrupt<T>(work: () => T): T {
  const place = globalThis as { [WORK]?: () => T };
  place[WORK] = work;
  try {
    return script.runInThisContext({ breakOnSigint: true }) as T;
  } catch (error) {
    if (!hasErrno(error, 'ERR_SCRIPT_EXECUTION_INTERRUPTED')) throw error;
    const text = { what: 'Interrupted by SIGINT', why: 'Nothing was changed' };
    throw new RollbackError('ERR_INTERRUPTED', text, {}, error);
  } finally {
    delete place[WORK];
  }
}
