/** What is wrong with how a run took the failure of one of its calls. */
import { RollbackError } from '../../../lib/index.ts';
import { statusWith } from '../../../lib/recover/status.ts';
import type { ErrnoRun, FailedCall, Ran } from './errno-runs.ts';
import type { MemoryFs } from './memory-fs.ts';
import { isRefusedTrial } from './refused-trial.ts';

/** What is wrong with how a run took the failure of a call; nothing where that is told as it should be. */
export function complaint(one: ErrnoRun, ran: Ran, call: FailedCall, errno: string): string | null {
  const { error, notices, end } = ran;
  if (error === null) {
    if (notices.some((notice) => notice.includes(errno)) || passes(call, errno)) return null;
    return 'no error was reported';
  }
  if (!(error instanceof RollbackError)) return `no typed error: ${String(error)}`;
  if (error.kind === 'defect') return `called a defect: ${error.message}`;
  if (!one.beginsOpen && isOpen(end, one.roots) && /same command|Nothing was changed/.test(error.message)) {
    if (call.changes || !means(call, errno)) return `says: ${error.message}`;
  }
  if (means(call, errno)) return null;
  if (isRefusedTrial(error, ran.fs.ops, call.paths) && error.message.includes(`${errno}, `)) return null;
  if (error.code !== 'ERR_IO' && error.code !== 'ERR_UNFINISHED') return `is ${error.code}: ${error.message}`;
  if (!error.message.includes(`${errno}, `)) return `names another error: ${error.message}`;
  const named = error.place.path ?? '';
  return call.paths.some((path) => path === named || shown(path) === named) ? null : `names ${named}`;
}

/** A temporary file goes by the name of what is written. */
const shown = (path: string): string => path.replace(/\/\.([^/]*)\.litt-rollback-tmp$/, '/$1');

/** Whether the intent is durable: from there on another command goes on than the one that failed. */
function isOpen(fs: MemoryFs, roots: readonly string[]): boolean {
  return statusWith(fs, roots).transactions.some((t) => t.state === 'unfinished' && t.committed);
}

/** Answers that say something else than that a call has failed: a file is gone, or another user's. */
function means({ name, paths, changes }: FailedCall, errno: string): boolean {
  if (name === 'link' || name === 'reflink') return NO_SUCH_FEATURE.includes(errno) || errno === 'EEXIST';
  if (changes) return ['ENOENT', 'EEXIST'].includes(errno);
  if (DENIED.includes(errno)) return /\/litt\.lock$/.test(paths[0] as string);
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EEXIST'].includes(errno);
}

const NO_SUCH_FEATURE = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL', 'ENOTTY', 'EACCES'];
const DENIED = ['EACCES', 'EPERM'];
/** A file that this user may not write to is exchanged. */
const NOT_TO_WRITE = [...DENIED, 'ETXTBSY'];

/** Failures after which a run may go on without a word: it has another way, or has only looked for a hint. */
function passes(call: FailedCall, errno: string): boolean {
  const [path = ''] = call.paths;
  return (
    means(call, errno) ||
    (call.name === 'open to write' && NOT_TO_WRITE.includes(errno)) ||
    /^(freeBytes|mayWrite)$/.test(call.name) ||
    HINT.test(path) ||
    TIDYING.test(path)
  );
}

/** A directory without a table's name is read only for a hint. */
const HINT = /\/(\.litt-rollback|litt\.lock)(\/segments)?$/;
/** What was prepared for a lock, or says who works, is taken away by the next run if it could not be by this one. */
const TIDYING =
  /(\.litt\.lock\.([^/]*\.)?litt-rollback-tmp|\.litt\.lock\.[^/]*-(new|aside)\.litt-rollback-tmp|\/runner\.\d+)$/;
