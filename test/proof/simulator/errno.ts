/** Errors that look like those of the operating system. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** A code that this machine's kernel knows, or its number: Node has no name for some. */
export type Errno = keyof typeof constants.errno | number;

/** An error as node:fs throws it; without a stack, because looking for missing files is what programs do all day. */
export function errnoError(
  errno: Errno,
  syscall: string,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException {
  const number = typeof errno === 'number' ? errno : constants.errno[errno];
  const code = typeof errno === 'number' ? getSystemErrorName(-errno) : errno;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const to = dest === undefined ? '' : ` -> '${dest}'`;
  const where = path === undefined ? '' : ` '${path}'${to}`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${syscall}${where}`);
  Error.stackTraceLimit = limit;
  error.code = code;
  error.errno = -number;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  return error;
}
