/**
 * Reverts steps, from any state that a crash or a finished apply may have left.
 *
 * Invariants:
 * - Only undo data of this transaction is put back, and only over files that this transaction has made.
 * - A file with other links is never changed in place: tail and prefix go to a new file.
 * - A step that was never carried out, or is already reverted, is left alone; so the inverse steps may be run
 *   again after any crash.
 */
import { dirname } from 'node:path';
import { hasErrno, RollbackError } from '../errors.ts';
import { isDerived } from '../plan/step-effects.ts';
import { fileKey } from '../plan/step-paths.ts';
import { openToWrite, syncFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep, CutFileStep } from '../types.ts';
import { copyRanges, createLike, type Model } from './copy-ranges.ts';
import { DirtyDirectories } from './dirty-directories.ts';
import type { StepResult } from './execute-step.ts';
import { moveContentsBack } from './move-contents.ts';
import type { Participants } from './participants.ts';
import { LogRewinder } from './rewind-log.ts';
import { setAside } from './set-aside.ts';
import {
  type Exchange,
  isBefore,
  keptAndPresentError,
  type Removal,
  refuseUnlessRemovable,
  staleFileError,
} from './step-states.ts';

/** Bytes compared at once. */
const COMPARE_BYTES = 1024 * 1024;

/** Reverts the steps of one transaction; call undo() for each, the last one first. */
export class StepReverter {
  private readonly names: DirtyDirectories;
  private readonly logs: LogRewinder;

  constructor(
    private readonly fs: DurableFs,
    private readonly participants: Participants,
    /** Times of change before the rollback, by file. */
    private readonly times: ReadonlyMap<string, string>,
  ) {
    this.names = new DirtyDirectories(fs);
    this.logs = new LogRewinder(fs, participants, this.names);
  }

  /**
   * Reverts step number `index`.
   * @throws RollbackError ERR_PLAN_STALE, ERR_JOURNAL (undo data is missing); what the file system throws
   */
  undo(step: AnyStep, index: number): StepResult {
    switch (step.op) {
      case 'remove-file':
      case 'remove-link':
      case 'remove-directory':
        return this.putBack(step, index);
      case 'cut-file':
        return this.putBackOriginal(step, index) ?? this.append(step, index);
      case 'rewrite-keys':
      case 'replace-file':
        return this.putBackOriginal(step, index) ?? this.requireBefore(step, index);
      case 'rewind-log':
        return this.logs.undo(step, index, (path, undoCopy) => undoDataLostError(step, path, undoCopy));
    }
  }

  /** Makes every name so far durable. */
  flush(): void {
    this.names.flush();
  }

  private putBack(step: Removal, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const undoCopy = this.participants.undoPath(step, index, 'removed');
    const partCopy = this.participants.undoPath(step, index, 'new');
    const there = lstatOrNull(this.fs, path) !== null;
    const stat = lstatOrNull(this.fs, undoCopy);
    if (stat === null && step.op === 'remove-directory' && lstatOrNull(this.fs, partCopy) !== null) {
      moveContentsBack(this.fs, partCopy, path);
      this.names.touch(path, partCopy);
      return 'done';
    }
    if (stat === null) {
      if (!there && !isDerived(step)) throw undoDataLostError(step, path, undoCopy);
      if (there) this.names.touch(path, undoCopy);
      return 'already-done';
    }
    if (there && !isDerived(step)) throw keptAndPresentError(step, path, undoCopy);
    if (there) this.names.touch(...setAside(this.fs, this.participants, step.file));
    // Links whose directory was removed by hand: the engine makes both again.
    if (isDerived(step) && lstatOrNull(this.fs, dirname(path)) === null) return 'already-done';
    refuseUnlessRemovable(this.fs, step, undoCopy, stat);
    this.fs.rename(undoCopy, path);
    this.names.touch(path, undoCopy);
    return 'done';
  }

  /** Puts the original back over its replacement; null when no original was kept. */
  private putBackOriginal(step: Exchange, index: number): StepResult | null {
    const path = this.participants.pathOf(step);
    const original = this.participants.undoPath(step, index, 'original');
    const undoCopy = lstatOrNull(this.fs, original);
    this.names.touch(path, original);
    if (undoCopy === null) return null;
    const present = lstatOrNull(this.fs, path);
    if (present !== null && present.ino === undoCopy.ino) {
      // Two names of one file (a root is one file system): a rename would do nothing and leave both.
      this.fs.unlink(original);
      return 'already-done';
    }
    if (!isBefore(this.fs, step, original, undoCopy))
      throw staleFileError(step, original, 'is not what was kept');
    this.fs.rename(original, path);
    return 'done';
  }

  /** Without an original the step was not carried out, or is already reverted: any other state is an error. */
  private requireBefore(step: Exchange, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null || !isBefore(this.fs, step, path, stat))
      throw undoDataLostError(step, path, this.participants.undoPath(step, index, 'original'));
    return 'already-done';
  }

  private append(step: CutFileStep, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const tail = this.participants.undoPath(step, index, 'tail');
    const stat = lstatOrNull(this.fs, path);
    if (stat === null || stat.kind !== 'file') throw staleFileError(step, path, 'is gone');
    if (lstatOrNull(this.fs, tail) === null) {
      if (stat.size === step.from) return 'already-done';
      throw undoDataLostError(step, path, tail);
    }
    if (stat.size < step.to || stat.size > step.from)
      throw staleFileError(step, path, `has ${stat.size} bytes`);
    // A crash may have left the right size over wrong bytes, so the size alone proves nothing.
    if (stat.size === step.from && this.endsWith(path, tail, step)) {
      this.restoreTimes(step, path, tail);
      syncFile(this.fs, path);
      return 'already-done';
    }
    const fd = stat.nlink > 1 ? null : openToWrite(this.fs, path);
    if (fd === null) this.rebuild(step, index, { path, stat }, tail);
    else this.appendInPlace(step, fd, path, tail);
    return 'done';
  }

  private appendInPlace(step: CutFileStep, fd: number, path: string, tail: string): void {
    try {
      copyRanges(this.fs, tail, fd, [[0, step.from - step.to]], step.to);
      this.restoreTimes(step, path, tail);
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
  }

  private rebuild(step: CutFileStep, index: number, cut: Model, tail: string): void {
    const made = this.participants.undoPath(step, index, 'new');
    createLike(this.fs, made, cut, (fd) => {
      copyRanges(this.fs, cut.path, fd, [[0, step.to]]);
      copyRanges(this.fs, tail, fd, [[0, step.from - step.to]], step.to);
      this.restoreTimes(step, made, tail);
    });
    this.fs.rename(made, cut.path);
  }

  /**
   * Backups go by the time of change. The tail has the exact one; the plan knows it in any case. Only a file's owner may
   * set it: of another's file, to write to it is enough for undo, as it was for apply.
   */
  private restoreTimes(step: CutFileStep, path: string, tail: string): void {
    const before = this.times.get(fileKey(step.file));
    if (before === undefined) return;
    try {
      const isExact = this.fs.lstat(tail).mtimeNs === before && this.fs.copyAttributes(tail, path, 'times');
      if (!isExact) this.fs.utimes(path, before);
    } catch (error) {
      const isOwn = this.fs.lstat(path).uid === process.geteuid?.();
      if (isOwn || !hasErrno(error, 'EPERM', 'EACCES')) throw error;
    }
  }

  private endsWith(path: string, tail: string, step: CutFileStep): boolean {
    const a = this.fs.open(path, 'r');
    const b = this.fs.open(tail, 'r');
    try {
      const length = step.from - step.to;
      const most = Math.min(COMPARE_BYTES, length);
      const [left, right] = [Buffer.alloc(most), Buffer.alloc(most)];
      for (let at = 0; at < length; ) {
        const want = Math.min(COMPARE_BYTES, length - at);
        const got = this.fs.readAt(a, left.subarray(0, want), step.to + at);
        const other = this.fs.readAt(b, right.subarray(0, got), at);
        if (got === 0 || other !== got || left.compare(right, 0, got, 0, got) !== 0) return false;
        at += got;
      }
      return true;
    } finally {
      this.fs.close(a);
      this.fs.close(b);
    }
  }
}

function undoDataLostError(step: AnyStep, path: string, undoCopy: string): RollbackError {
  return new RollbackError(
    'ERR_JOURNAL',
    {
      what: `What was kept to undo this step is gone: ${undoCopy}`,
      why: 'Without it the old state cannot be put back',
      next: 'Put it back from a backup and run the same command again, or restore the database from one',
    },
    { path, table: step.table },
  );
}
