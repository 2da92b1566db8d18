/**
 * Carries out steps and keeps undo data.
 *
 * Invariants:
 * - A step acts only on the exact state that it names; on its own result it does nothing; on anything else it
 *   stops. So the steps may be run again after any crash.
 * - Removed files are moved into the transaction's area on the same file system: one rename, no copy. A directory that
 *   cannot be renamed (from a lower layer of an overlay) is moved file by file, and has its name there when it is whole.
 * - A file that is cut in place loses its tail only after the tail is durable in the area. If a long tail is
 *   the larger part, or the file has other links, the file itself goes into the area and a copy of its prefix
 *   takes its place: a file with other links is never changed in place. Links are counted right before. A file that
 *   this user may not open for writing is exchanged in the same way.
 * - Order within a step: undo data, durable; then the new content, durable; then the rename over the old name.
 *   Names become durable together in flush(), before the transaction is marked done.
 * - After a failed fsync no further change is made.
 */

import { dirname } from 'node:path';
import { hasErrno } from '../errors.ts';
import { isDerived } from '../plan/step-effects.ts';
import { openToWrite, syncFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep, CutFileStep, ReplaceFileStep, RewriteKeysStep } from '../types.ts';
import { copyRanges, createLike, createPrefix, createTail, keepBeside, type Model } from './copy-ranges.ts';
import { DirtyDirectories } from './dirty-directories.ts';
import { moveContents } from './move-contents.ts';
import type { Participants } from './participants.ts';
import { LogRewinder } from './rewind-log.ts';
import { setAside } from './set-aside.ts';
import {
  type Exchange,
  keptAndPresentError,
  type Removal,
  refuseUnlessRemovable,
  replacedContent,
  staleFileError,
} from './step-states.ts';

/** A tail of up to this many bytes is saved instead of exchanging the file, however short the prefix is. */
const SMALL_TAIL_BYTES = 1024 * 1024;

/**
 * Whether a file with one link is cut in place, with its tail saved, instead of being exchanged for its prefix.
 */
export function cutsInPlace(from: number, to: number): boolean {
  const tail = from - to;
  return tail <= SMALL_TAIL_BYTES || tail <= to;
}

/** Whether a step still had work to do. */
export type StepResult = 'done' | 'already-done';

/** Makes a new file at `made` that takes the place of another, synced. */
type Maker = (made: string, old: Model) => void;

/** Carries out the steps of one transaction. */
export class StepExecutor {
  private readonly names: DirtyDirectories;
  private readonly logs: LogRewinder;

  constructor(
    private readonly fs: DurableFs,
    private readonly participants: Participants,
  ) {
    this.names = new DirtyDirectories(fs);
    this.logs = new LogRewinder(fs, participants, this.names);
  }

  /**
   * Carries out step number `index`.
   * @throws RollbackError ERR_PLAN_STALE when a file is in a state that the step does not know; what the file
   * system throws
   */
  execute(step: AnyStep, index: number): StepResult {
    switch (step.op) {
      case 'remove-file':
      case 'remove-link':
      case 'remove-directory':
        return this.moveAside(step, index);
      case 'cut-file':
        return this.cut(step, index);
      case 'rewrite-keys':
        return this.exchange(step, index, (made, old) =>
          createLike(this.fs, made, old, (fd) => copyRanges(this.fs, old.path, fd, step.keep)),
        );
      case 'replace-file':
        return this.replace(step, index);
      case 'rewind-log':
        return this.logs.execute(step, index);
    }
  }

  /** Makes every name so far durable. */
  flush(): void {
    this.names.flush();
  }

  private moveAside(step: Removal, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const undoCopy = this.participants.undoPath(step, index, 'removed');
    const partCopy = this.participants.undoPath(step, index, 'new');
    const source = lstatOrNull(this.fs, path);
    if (lstatOrNull(this.fs, undoCopy) !== null) {
      if (source !== null && !isDerived(step)) throw keptAndPresentError(step, path, undoCopy);
      if (source !== null) this.names.touch(...setAside(this.fs, this.participants, step.file));
      // Moved before a crash: the names may not have been durable yet.
      this.names.touch(path, undoCopy);
      return 'already-done';
    }
    const isInPart = step.op === 'remove-directory' && lstatOrNull(this.fs, partCopy) !== null;
    if (source === null && isDerived(step)) {
      if (isInPart) this.finishPart(path, partCopy, undoCopy);
      return 'already-done';
    }
    if (source === null) throw staleFileError(step, path, 'is gone');
    refuseUnlessRemovable(this.fs, step, path, source);
    this.moveTo(undoCopy, step, path, partCopy, isInPart);
    this.names.touch(path, undoCopy);
    return 'done';
  }

  /** By one rename, or, for a directory that cannot be renamed, file by file: its name in the area says when it is whole. */
  private moveTo(undoCopy: string, step: Removal, path: string, partCopy: string, isInPart: boolean): void {
    if (!isInPart) {
      try {
        this.fs.rename(path, undoCopy);
        return;
      } catch (error) {
        if (step.op !== 'remove-directory' || !hasErrno(error, 'EXDEV')) throw error;
      }
    }
    moveContents(this.fs, path, partCopy);
    this.fs.rename(partCopy, undoCopy);
  }

  /** What was moved file by file before a crash is whole when nothing is left in its place. */
  private finishPart(path: string, partCopy: string, undoCopy: string): void {
    this.fs.rename(partCopy, undoCopy);
    this.names.touch(path, undoCopy);
  }

  private cut(step: CutFileStep, index: number): StepResult {
    const { from, to } = step;
    const path = this.participants.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    const undoCopy = lstatOrNull(this.fs, this.participants.undoPath(step, index, 'original'));
    const isWhole = stat?.kind === 'file' && stat.size === from && undoCopy === null;
    const fd = isWhole && stat.nlink === 1 && cutsInPlace(from, to) ? openToWrite(this.fs, path) : null;
    if (!isWhole || fd === null) {
      return this.exchange(step, index, (made, old) => createPrefix(this.fs, made, old, to));
    }
    try {
      this.saveTail(step, index, { path, stat });
      this.fs.truncate(fd, to);
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
    return 'done';
  }

  private saveTail(step: CutFileStep, index: number, model: Model): void {
    const tail = this.participants.undoPath(step, index, 'tail');
    if (lstatOrNull(this.fs, tail) === null) {
      const temporary = this.participants.undoPath(step, index, 'new');
      createTail(this.fs, temporary, model, [[step.to, step.from]]);
      this.fs.rename(temporary, tail);
    }
    this.fs.fsyncDir(dirname(tail));
  }

  /** Replaces a file by a new one made from it; the old one goes into the area. */
  private exchange(step: CutFileStep | RewriteKeysStep, index: number, make: Maker): StepResult {
    const { from, to } = step;
    const path = this.participants.pathOf(step);
    const old = this.oldFile(step, index);
    const { size } = old.stat;
    if (size === to && this.isKept(step, index)) {
      // The cut may not have been durable when the process died.
      syncFile(this.fs, path);
      this.names.touch(path);
      return 'already-done';
    }
    if (size !== from) throw staleFileError(step, path, `has ${size} bytes instead of ${from}`);
    this.swapIn(step, index, old, make);
    return 'done';
  }

  private isKept(step: AnyStep, index: number): boolean {
    return (['original', 'tail'] as const).some(
      (what) => lstatOrNull(this.fs, this.participants.undoPath(step, index, what)) !== null,
    );
  }

  private replace(step: ReplaceFileStep, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const old = this.oldFile(step, index);
    const now = replacedContent(this.fs, old.path);
    if (now === step.after && this.isKept(step, index)) {
      this.names.touch(path);
      return 'already-done';
    }
    if (now !== step.before) throw staleFileError(step, path, 'was written since');
    const bytes = Buffer.from(step.after, 'hex');
    this.swapIn(step, index, old, (made) =>
      createLike(this.fs, made, old, (fd) => this.fs.writeAt(fd, bytes, 0)),
    );
    return 'done';
  }

  /** Keeps the old file; writes new content under a name in the area, durably; then renames. */
  private swapIn(step: AnyStep, index: number, old: Model, make: Maker): void {
    const path = this.participants.pathOf(step);
    const made = this.participants.undoPath(step, index, 'new');
    const original = this.participants.undoPath(step, index, 'original');
    const isKept = lstatOrNull(this.fs, original) !== null || keepBeside(this.fs, old, original, made);
    make(made, old);
    if (!isKept) {
      this.fs.rename(path, original);
      this.fs.fsyncDir(dirname(path));
    }
    this.fs.fsyncDir(dirname(original));
    this.fs.rename(made, path);
    this.names.touch(path, made);
  }

  /** The file that an exchange begins with: in its place, or, where a crash came between two renames, in the area. */
  private oldFile(step: Exchange, index: number): Model {
    const path = this.participants.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    const original = this.participants.undoPath(step, index, 'original');
    const kept = stat === null ? lstatOrNull(this.fs, original) : null;
    if (kept !== null) return { path: original, stat: kept };
    if (stat === null) throw staleFileError(step, path, 'is gone');
    if (stat.kind !== 'file') throw staleFileError(step, path, 'is not a regular file');
    return { path, stat };
  }
}
