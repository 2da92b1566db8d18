/** What each step will do, tried in advance: one call for a file that is removed, a few more for one that is replaced. */
import { dirname, join } from 'node:path';
import { hasErrno } from '../errors.ts';
import { mayCutInPlace } from '../journal/room.ts';
import { stepsOf } from '../journal/run-steps.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { openToWrite } from '../store/durable-files.ts';
import { mountBetween } from '../store/mounts.ts';
import { listDirectory, lstatOrNull } from '../store/roots.ts';
import type { AnyStep } from '../types.ts';
import type { Probe } from './probe.ts';
import { asRefusal, deniedError, mountError } from './refused-by-system.ts';

/** In a directory with this bit only a file's owner may move it. */
const STICKY = 0o1000;

/**
 * The steps that will cut a file where it is, because this user may write to it and it has no other name: their files are
 * opened as they will be. All others are moved.
 * @throws RollbackError ERR_PREFLIGHT; raw errors
 */
export function cutsTried(context: TransactionContext): ReadonlySet<AnyStep> {
  const { fs, participants } = context;
  const found = new Set<AnyStep>();
  for (const step of stepsOf(context)) {
    const path = participants.pathOf(step);
    if (!mayCutInPlace(fs, path, step)) continue;
    try {
      const fd = openToWrite(fs, path);
      if (fd === null) continue;
      fs.close(fd);
    } catch (error) {
      throw asRefusal(error, path, 'open a file for writing');
    }
    found.add(step);
  }
  return found;
}

/** Trials of the steps of one participant. */
export class Trials {
  private readonly mounts: ReadonlySet<string>;
  /** Directories that let something be moved out. */
  private readonly open = new Set<string>();

  constructor(
    private readonly context: TransactionContext,
    private readonly base: string,
    private readonly probe: Probe,
    private readonly inPlace: ReadonlySet<AnyStep>,
  ) {
    this.mounts = context.fs.mountPoints();
  }

  /**
   * @param bolted directories in which bolts come and go
   * @throws RollbackError ERR_PREFLIGHT; raw errors
   */
  refuseAny(steps: readonly AnyStep[], bolted: readonly string[]): void {
    const paths = steps.map((step) => this.context.participants.pathOf(step));
    for (const dir of new Set([...paths.map(dirname), ...bolted])) this.refuseElsewhere(dir);
    steps.forEach((step, i) => {
      if (!this.inPlace.has(step)) this.refuse(step, paths[i] as string);
    });
    for (const dir of bolted) {
      const cut = steps.flatMap((step, i) => (this.inPlace.has(step) ? (paths[i] as string) : []));
      this.refuseShut(
        dir,
        cut.filter((path) => dirname(path) === dir),
      );
    }
  }

  /**
   * Of directories the number of the device is true, also on an overlay; it tells a subvolume, too. A mount of the
   * same file system has the same number.
   */
  private refuseElsewhere(dir: string): void {
    const { fs } = this.context;
    const stat = lstatOrNull(fs, dir);
    if (stat === null) return;
    const mount = mountBetween(this.mounts, this.base, dir);
    if (mount !== null) throw mountError(mount, true);
    if (stat.dev !== fs.lstat(this.base).dev) throw mountError(dir, false);
  }

  private refuse(step: AnyStep, path: string): void {
    if (this.mounts.has(path)) throw mountError(path, true);
    const refusal = this.probe.refusalToMove(path);
    if (step.op === 'remove-directory' && hasErrno(refusal, 'EXDEV')) this.refuseContents(path);
    else if (refusal !== null) throw this.explained(refusal, path);
    else this.open.add(dirname(path));
    if (!step.op.startsWith('remove-')) this.refuseSuccessor(path);
  }

  /** A directory from a lower layer of an overlay cannot be renamed: what lies in it can. */
  private refuseContents(path: string): void {
    const refusal = this.probe.refusalToMoveContents(path);
    if (refusal !== null) throw this.explained(refusal.error, refusal.path);
  }

  /** What takes a file's place must look like it. */
  private refuseSuccessor(path: string): void {
    const stat = lstatOrNull(this.context.fs, path);
    const refusal = stat === null ? null : this.probe.refusalToReplace(path, stat);
    if (stat === null || refusal === null) return;
    const owner = `owner ${stat.uid}, group ${stat.gid}, mode ${stat.mode.toString(8)}`;
    throw asRefusal(refusal, path, `make a file like this one (${owner})`);
  }

  /**
   * A directory that takes new names may keep them for ever (append-only). What is cut there could be moved, or it could not
   * be written; among other files some may be kept for themselves.
   */
  private refuseShut(dir: string, cut: readonly string[]): void {
    const { fs } = this.context;
    if (this.open.has(dir) || (fs.lstat(dir).mode & STICKY) !== 0) return;
    const sample = cut.length > 0 ? cut : listDirectory(fs, dir).map((name) => join(dir, name));
    if (sample.length === 0 || sample.some((path) => this.probe.refusalToMove(path) === null)) return;
    throw deniedError('The system will not take names out of a directory', dir, 'EPERM');
  }

  private explained(error: unknown, path: string): unknown {
    if (hasErrno(error, 'EXDEV', 'EBUSY')) return mountError(path, this.mounts.has(path));
    return asRefusal(error, path, 'move a file');
  }
}
