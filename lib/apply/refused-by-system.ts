/** What the system will not do for a rollback, told before the first change. */
import { dirname } from 'node:path';
import { describeErrno } from '../errno.ts';
import { errnoOf, hasErrno, RollbackError } from '../errors.ts';
import { shellCommand } from '../format/shell-word.ts';

/** Answers that say that something is not to be had here; any other error says that something is broken. */
const REFUSALS = [
  ...['EACCES', 'EPERM', 'EROFS', 'EXDEV', 'EBUSY', 'ENOSPC', 'EDQUOT', 'ENAMETOOLONG', 'ETXTBSY', 'EMLINK'],
  ...['ENOTSUP', 'EOPNOTSUPP', 'ENOTSUPP', 'ENOSYS', 'EINVAL', 'ENODATA', 'E2BIG', 'ERANGE'],
];

/** An error of the system that says no, as ERR_PREFLIGHT with its file; anything else as it is. */
export function asRefusal(error: unknown, path: string, doing: string): unknown {
  const cause = error instanceof RollbackError && error.code === 'ERR_IO' ? error.cause : error;
  if (!hasErrno(cause, ...REFUSALS)) return error;
  const errno = errnoOf(cause) as string;
  return deniedError(`The system will not ${doing}: ${describeErrno(errno)}`, path, errno);
}

/** The refusal where a file or directory may not be used as the rollback needs it. */
export function deniedError(what: string, path: string, errno = 'EACCES'): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    { what, why: 'The rollback would stop half-way. Nothing was changed', next: adviceFor(errno, path) },
    { path },
  );
}

function adviceFor(errno: string, path: string): string {
  if (errno === 'EROFS')
    return `Mount the file system for writing: \`${shellCommand(['findmnt', '-T', path])}\` names it`;
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return 'Free some space on that file system: `litt-rollback purge` frees what older rollbacks keep for undo';
  const places = [path, dirname(path)];
  if (process.geteuid?.() !== 0)
    return `Run the same command as root, or as the owner that \`${shellCommand(['ls', '-ld', ...places])}\` shows`;
  const [look, clear] = [
    shellCommand(['lsattr', '-d', ...places]),
    shellCommand(['chattr', '-i', '-a', ...places]),
  ];
  return `Look for attributes that forbid changes (\`${look}\`), take them away (\`${clear}\`), and run the same command again`;
}

/** The refusal where nothing can be moved, because a part of a root lies on another file system or mount. */
export function mountError(path: string, isMounted: boolean): RollbackError {
  const umount = shellCommand(['umount', path]);
  return new RollbackError(
    'ERR_PREFLIGHT',
    {
      what: isMounted ? 'A mount point lies in a root' : 'A part of a root lies on another file system',
      why: 'What undo needs is moved within the root, and nothing moves between file systems or mounts. Nothing was changed',
      next: isMounted
        ? `Mount the file system at the root itself; or take this mount off (\`${umount}\`), put what lies on it into the directory, and make a new plan`
        : 'Put a plain directory or file with the same content in its place, and make a new plan',
    },
    { path },
  );
}
