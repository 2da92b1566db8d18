/** Before the intent: asks for everything that the steps will do, and refuses here what the system would refuse then. */
import { describeErrno } from '../errno.ts';
import { errnoOf, hasErrno, RollbackError } from '../errors.ts';
import { cutsInPlace } from '../journal/execute-step.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { segmentsDirs } from '../store/bolt.ts';
import { openToWrite } from '../store/durable-files.ts';
import type { FileStat } from '../store/durable-fs.ts';
import { mountBetween, mountPoints } from '../store/mounts.ts';
import { OWN_DIR } from '../store/root-set.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { CutFileStep, Step } from '../types.ts';
import { Probe } from './probe.ts';
import { refuseTooLittleRoom } from './room.ts';

/** Answers that say that something is not to be had here; any other error says that something is broken. */
const REFUSALS = [
  ...['EACCES', 'EPERM', 'EROFS', 'EXDEV', 'EBUSY', 'ENOSPC', 'EDQUOT', 'ENAMETOOLONG', 'ETXTBSY', 'EMLINK'],
  ...['ENOTSUP', 'EOPNOTSUPP', 'ENOTSUPP', 'ENOSYS', 'EINVAL', 'ENODATA', 'E2BIG', 'ERANGE'],
];

/**
 * Refuses what would fail later: no room, no permission, a mount point, a file that may not be changed or replaced.
 * @throws RollbackError ERR_PREFLIGHT; raw errors
 */
export function preflight(context: TransactionContext): void {
  const { fs, participants, plan } = context;
  refuseTooLittleRoom(context);
  const bolted = plan.tables.flatMap((t) => segmentsDirs(fs, participants.roots, t.table));
  for (const dir of new Set([...participants.dirs, ...context.lockedDirs, ...bolted])) {
    if (!fs.mayWrite(dir)) throw deniedError('This user may not write to a directory', dir);
  }
  const mounts = mountPoints();
  for (const base of participants.dirs) {
    const steps = stepsOf(context).filter((step) => participants.base(step.file.root) === base);
    try {
      Probe.in(fs, base, (probe) => {
        for (const step of steps) new Trial(context, probe, mounts, base).refuse(step);
      });
    } catch (error) {
      throw asRefusal(error, `${base}/${OWN_DIR}`, 'prepare the rollback');
    }
  }
}

/** What one step will do, tried. */
class Trial {
  constructor(
    private readonly context: TransactionContext,
    private readonly probe: Probe,
    private readonly mounts: ReadonlySet<string>,
    private readonly base: string,
  ) {}

  /** @throws RollbackError ERR_PREFLIGHT */
  refuse(step: Step): void {
    const path = this.context.participants.pathOf(step);
    const stat = lstatOrNull(this.context.fs, path);
    if (stat === null || (step.op === 'cut-file' && this.isCutInPlace(step, path, stat))) return;
    if (this.mounts.has(path)) throw mountError(path);
    const refusal = this.probe.refusalToMove(path);
    if (step.op === 'remove-directory' && hasErrno(refusal, 'EXDEV')) this.refuseContents(path);
    else if (refusal !== null) throw this.explained(refusal, path);
    else if (!step.op.startsWith('remove-')) this.refuseSuccessor(path, stat);
  }

  /** Nothing but its tail is written elsewhere then. */
  private isCutInPlace({ from, to }: CutFileStep, path: string, { nlink }: FileStat): boolean {
    const { fs } = this.context;
    const fd = nlink === 1 && cutsInPlace(from, to) ? openToWrite(fs, path) : null;
    if (fd !== null) fs.close(fd);
    return fd !== null;
  }

  /** A directory of a lower layer cannot be renamed; one behind a mount point cannot be moved at all. */
  private refuseContents(path: string): void {
    const mount = mountBetween(this.mounts, this.base, path);
    if (mount !== null) throw mountError(mount);
    const refusal = this.probe.refusalToMoveContents(path);
    if (refusal !== null) throw this.explained(refusal.error, refusal.path);
  }

  /** What takes a file's place must look like it. */
  private refuseSuccessor(path: string, stat: FileStat): void {
    const refusal = this.probe.refusalToReplace(path, stat);
    if (refusal === null) return;
    const owner = `owner ${stat.uid}, group ${stat.gid}, mode ${stat.mode.toString(8)}`;
    throw asRefusal(refusal, path, `make a file like this one (${owner})`);
  }

  private explained(error: unknown, path: string): unknown {
    const mount = mountBetween(this.mounts, this.base, path);
    if (hasErrno(error, 'EXDEV', 'EBUSY')) return mountError(mount ?? this.ownMount() ?? path);
    return asRefusal(error, path, 'move a file');
  }

  private ownMount(): string | null {
    const own = `${this.base}/${OWN_DIR}`;
    return this.mounts.has(own) ? own : null;
  }
}

/** What is refused is told as that, with its file; anything else goes on as it is. */
function asRefusal(error: unknown, path: string, doing: string): unknown {
  const cause = error instanceof RollbackError && error.code === 'ERR_IO' ? error.cause : error;
  if (!hasErrno(cause, ...REFUSALS)) return error;
  const errno = errnoOf(cause) as string;
  return deniedError(`The system will not ${doing}: ${describeErrno(errno)}`, path, errno);
}

function deniedError(what: string, path: string, errno = 'EACCES'): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    { what, why: 'The rollback would stop half-way. Nothing was changed', next: adviceFor(errno) },
    { path },
  );
}

function adviceFor(errno: string): string {
  if (errno === 'EROFS') return 'Mount the file system for writing';
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return 'Free some space on that file system: `litt-rollback purge` frees what older rollbacks keep for undo';
  if (process.geteuid?.() !== 0) return "Run as the owner of the file, as the node's user or as root";
  return 'Look for attributes that forbid changes (`lsattr`) and take them away (`chattr -i -a`)';
}

function mountError(path: string): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    {
      what: 'A mount point lies in a root',
      why: 'What undo needs is moved within the root, and nothing moves across a mount point. Nothing was changed',
      next: 'Mount the file system at the root itself, or take the mount off for the time of the rollback',
    },
    { path },
  );
}
