/**
 * The step that takes a log-index back, and its inverse.
 *
 * Invariants:
 * - The log is prepared beside its place under a name that Pebble passes over, durable and read back, before it gets
 *   its own name by one rename.
 * - A log that is replaced is kept in the area of the receipts' root: by a second link, or by a copy where the
 *   log-index lies on another file system. No byte of it is changed.
 * - The step acts on the log as it was planned, does nothing on its own result, and stops at anything else.
 */
import { dirname, join } from 'node:path';
import { hasErrno } from '../errors.ts';
import { listLogIndex, preparedName } from '../logindex/files.ts';
import { problemOfWrittenLog, sizeAfter } from '../logindex/verify-log.ts';
import { parseName } from '../pebble/names.ts';
import { NO_LINKS } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { readRange } from '../store/reading.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RewindLogStep } from '../types.ts';
import { copyRanges, createCopy, createLike, type Model } from './copy-ranges.ts';
import type { DirtyDirectories } from './dirty-directories.ts';
import type { StepResult } from './execute-step.ts';
import type { Participants } from './participants.ts';
import { staleFileError } from './step-states.ts';

/** Where the log of a step stands: as planned, as the step leaves it, or neither. */
export type LogState = 'before' | 'after' | 'other';

/** The state of the log that a step writes. @throws RollbackError ERR_IO */
export function stateOfLog(fs: DurableFs, step: RewindLogStep, path: string): LogState {
  const stat = lstatOrNull(fs, path);
  if (stat === null) return step.from === null ? 'before' : 'other';
  if (stat.kind !== 'file') return 'other';
  const append = Buffer.from(step.append, 'hex');
  const isAfter =
    stat.size === sizeAfter(step) && readRange(fs, path, step.keep, append.length).equals(append);
  if (isAfter) return 'after';
  return stat.size === step.from ? 'before' : 'other';
}

/** Carries the step out and reverts it. */
export class LogRewinder {
  constructor(
    private readonly fs: DurableFs,
    private readonly participants: Participants,
    private readonly names: DirtyDirectories,
  ) {}

  /** @throws RollbackError ERR_PLAN_STALE; what the file system throws */
  execute(step: RewindLogStep, index: number): StepResult {
    const { fs } = this;
    const path = this.participants.pathOf(step);
    // A copy that a crash has left unfinished, or under both of its names.
    const unfinished = this.participants.undoPath(step, index, 'new');
    if (lstatOrNull(fs, unfinished) !== null) fs.unlink(unfinished);
    const state = stateOfLog(fs, step, path);
    if (state === 'other') throw staleFileError(step, path, 'of the log-index is not as it was planned');
    if (state === 'after') {
      this.names.touch(path);
      return 'already-done';
    }
    const stat = lstatOrNull(fs, path);
    if (stat !== null) this.keepOriginal(step, index, path, stat);
    const prepared = this.preparedPath(step);
    createLike(fs, prepared, this.likeOf(step, stat), (fd) => {
      if (step.keep > 0) copyRanges(fs, path, fd, [[0, step.keep]]);
      fs.writeAt(fd, Buffer.from(step.append, 'hex'), step.keep);
    });
    const problem = problemOfWrittenLog(fs, prepared, step);
    if (problem !== null) throw staleFileError(step, prepared, problem);
    fs.rename(prepared, path);
    this.names.touch(path);
    return 'done';
  }

  /** @throws RollbackError ERR_PLAN_STALE, ERR_JOURNAL; what the file system throws */
  undo(step: RewindLogStep, index: number, lostError: (path: string, undoCopy: string) => Error): StepResult {
    const { fs } = this;
    const path = this.participants.pathOf(step);
    this.names.touch(path);
    const prepared = this.preparedPath(step);
    if (lstatOrNull(fs, prepared) !== null) fs.unlink(prepared);
    const state = stateOfLog(fs, step, path);
    const original = this.participants.undoPath(step, index, 'original');
    if (state === 'other')
      throw staleFileError(step, path, 'of the log-index is not as the rollback left it');
    if (state === 'before') return 'already-done';
    if (step.from === null) {
      fs.unlink(path);
      return 'done';
    }
    const undoCopy = lstatOrNull(fs, original);
    if (undoCopy?.size !== step.from) throw lostError(path, original);
    this.names.touch(original);
    this.putBack(original, undoCopy, prepared, path);
    return 'done';
  }

  private keepOriginal(step: RewindLogStep, index: number, path: string, stat: FileStat): void {
    const { fs } = this;
    const original = this.participants.undoPath(step, index, 'original');
    const copy = this.participants.undoPath(step, index, 'new');
    if (lstatOrNull(fs, original) === null && !this.link(path, original)) {
      createCopy(fs, copy, { path, stat });
      fs.rename(copy, original);
    }
    fs.fsyncDir(dirname(original));
  }

  private putBack(original: string, undoCopy: FileStat, prepared: string, path: string): void {
    const { fs } = this;
    if (undoCopy.dev === fs.lstat(dirname(path)).dev) {
      fs.rename(original, path);
      return;
    }
    createCopy(fs, prepared, { path: original, stat: undoCopy });
    fs.rename(prepared, path);
  }

  /** False where there can be no second link. */
  private link(from: string, to: string): boolean {
    try {
      this.fs.link(from, to);
      return true;
    } catch (error) {
      if (hasErrno(error, 'EXDEV', ...NO_LINKS)) return false;
      throw error;
    }
  }

  private preparedPath(step: RewindLogStep): string {
    return join(dirname(this.participants.pathOf(step)), preparedName(this.participants.id));
  }

  /** Mode of the newest log, owner of the directory. */
  private likeOf(step: RewindLogStep, stat: FileStat | null): Model {
    const path = this.participants.pathOf(step);
    const dir = dirname(path);
    const { uid, gid } = this.fs.lstat(dir);
    if (stat !== null) return { path, stat: { ...stat, uid, gid } };
    const logs = listLogIndex(this.fs, dir).filter(({ name }) => parseName(name)?.kind === 'log');
    const newest = logs.at(-1) ?? failWithoutLog(step, dir);
    return { path: join(dir, newest.name), stat: { ...newest.stat, uid, gid } };
  }
}

/** The listing was held against the plan before the first step: only another process can have removed the logs since. */
function failWithoutLog(step: RewindLogStep, dir: string): never {
  throw staleFileError(step, dir, 'of the log-index is gone: there is no log');
}
