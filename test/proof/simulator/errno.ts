/** Errors that look like those of the operating system. */
import { constants } from 'node:os';

/** A code that this machine's kernel knows. */
export type Errno = keyof typeof constants.errno;

/** An error as node:fs throws it; without a stack, because looking for missing files is what programs do all day. */
export function errnoError(
  code: Errno,
  syscall: string,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const to = dest === undefined ? '' : ` -> '${dest}'`;
  const where = path === undefined ? '' : ` '${path}'${to}`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${syscall}${where}`);
  Error.stackTraceLimit = limit;
  error.code = code;
  error.errno = -constants.errno[code];
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  return error;
}
