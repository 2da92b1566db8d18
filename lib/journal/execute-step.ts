/**
 * Carries out steps and keeps undo data.
 *
 * Invariants:
 * - A step acts only on the exact state that it names; on its own result it does nothing; on anything else it
 *   stops. So the steps may be run again after any crash.
 * - Removed files are moved into the transaction's area on the same file system: one rename, no copy.
 * - A file that is cut in place loses its tail only after the tail is durable in the area. If a long tail is
 *   the larger part, or the file has other links, the file itself goes into the area and a copy of its prefix
 *   takes its place: a file with other links is never changed in place. Links are counted right before.
 * - Order within a step: undo data, durable; then the new content, durable; then the rename over the old name.
 *   Names become durable together in flush(), before the transaction is marked done.
 * - After a failed fsync no further change is made.
 */

import { dirname } from 'node:path';
import { isDerived } from '../plan/step-effects.ts';
import { syncFile } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { CutFileStep, ReplaceFileStep, RewriteKeysStep, Step } from '../types.ts';
import { copyRanges, createLike, createPrefix } from './copy-ranges.ts';
import { DirtyDirectories } from './dirty-directories.ts';
import type { Participants } from './participants.ts';
import { setAside } from './set-aside.ts';
import {
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

/** Makes a new file at `made` from `source`, with the mode and owner of `like`, synced. */
type Maker = (made: string, source: string, like: FileStat) => void;

/** Carries out the steps of one transaction. */
export class StepExecutor {
  private readonly names: DirtyDirectories;

  constructor(
    private readonly fs: DurableFs,
    private readonly participants: Participants,
  ) {
    this.names = new DirtyDirectories(fs);
  }

  /**
   * Carries out step number `index`.
   * @throws RollbackError ERR_PLAN_STALE when a file is in a state that the step does not know; what the file
   * system throws
   */
  execute(step: Step, index: number): StepResult {
    switch (step.op) {
      case 'remove-file':
      case 'remove-link':
      case 'remove-directory':
        return this.moveAside(step, index);
      case 'cut-file':
        return this.cut(step, index);
      case 'rewrite-keys':
        return this.exchange(step, index, (made, path, like) =>
          createLike(this.fs, made, like, (fd) => copyRanges(this.fs, path, fd, step.keep)),
        );
      case 'replace-file':
        return this.replace(step, index);
    }
  }

  /** Makes every name so far durable. */
  flush(): void {
    this.names.flush();
  }

  private moveAside(step: Removal, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const undoCopy = this.participants.undoPath(step, index, 'removed');
    const source = lstatOrNull(this.fs, path);
    if (lstatOrNull(this.fs, undoCopy) !== null) {
      if (source !== null && !isDerived(step)) throw keptAndPresentError(step, path, undoCopy);
      if (source !== null) this.names.touch(...setAside(this.fs, this.participants, step.file));
      // Moved before a crash: the names may not have been durable yet.
      this.names.touch(path, undoCopy);
      return 'already-done';
    }
    if (source === null && isDerived(step)) return 'already-done';
    if (source === null) throw staleFileError(step, path, 'is gone');
    refuseUnlessRemovable(this.fs, step, path, source);
    this.fs.rename(path, undoCopy);
    this.names.touch(path, undoCopy);
    return 'done';
  }

  private cut(step: CutFileStep, index: number): StepResult {
    const { from, to } = step;
    const path = this.participants.pathOf(step);
    const stat = this.present(step, path);
    const undoCopy = lstatOrNull(this.fs, this.participants.undoPath(step, index, 'original'));
    const inPlace = undoCopy === null && stat.nlink === 1 && cutsInPlace(from, to);
    if (stat.size === to || !inPlace) {
      return this.exchange(step, index, (made, source, like) =>
        createPrefix(this.fs, made, source, like, to),
      );
    }
    if (stat.size !== from) throw staleFileError(step, path, `has ${stat.size} bytes instead of ${from}`);
    this.saveTail(step, index, path, stat);
    const fd = this.fs.open(path, 'r+');
    try {
      this.fs.truncate(fd, to);
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
    return 'done';
  }

  private saveTail(step: CutFileStep, index: number, path: string, like: FileStat): void {
    const tail = this.participants.undoPath(step, index, 'tail');
    if (lstatOrNull(this.fs, tail) === null) {
      const temporary = this.participants.undoPath(step, index, 'new');
      createLike(this.fs, temporary, like, (fd) => copyRanges(this.fs, path, fd, [[step.to, step.from]]));
      this.fs.rename(temporary, tail);
    }
    this.fs.fsyncDir(dirname(tail));
  }

  /** Replaces a file by a new one made from it; the old one goes into the area. */
  private exchange(step: CutFileStep | RewriteKeysStep, index: number, make: Maker): StepResult {
    const { from, to } = step;
    const path = this.participants.pathOf(step);
    const stat = this.present(step, path);
    if (stat.size === to && this.isKept(step, index)) {
      // The cut may not have been durable when the process died.
      syncFile(this.fs, path);
      this.names.touch(path);
      return 'already-done';
    }
    if (stat.size !== from) throw staleFileError(step, path, `has ${stat.size} bytes instead of ${from}`);
    this.swapIn(step, index, path, stat, make);
    return 'done';
  }

  private isKept(step: Step, index: number): boolean {
    return (['original', 'tail'] as const).some(
      (what) => lstatOrNull(this.fs, this.participants.undoPath(step, index, what)) !== null,
    );
  }

  private replace(step: ReplaceFileStep, index: number): StepResult {
    const path = this.participants.pathOf(step);
    const stat = this.present(step, path);
    const now = replacedContent(this.fs, path);
    if (now === step.after && this.isKept(step, index)) {
      this.names.touch(path);
      return 'already-done';
    }
    if (now !== step.before) throw staleFileError(step, path, 'was written since');
    const bytes = Buffer.from(step.after, 'hex');
    this.swapIn(step, index, path, stat, (made, _source, like) =>
      createLike(this.fs, made, like, (fd) => this.fs.writeAt(fd, bytes, 0)),
    );
    return 'done';
  }

  /**
   * Writes new content under a name in the area, durably; keeps the old file by a second link; then renames.
   */
  private swapIn(step: Step, index: number, path: string, like: FileStat, make: Maker): void {
    const made = this.participants.undoPath(step, index, 'new');
    const original = this.participants.undoPath(step, index, 'original');
    make(made, path, like);
    if (lstatOrNull(this.fs, original) === null) this.fs.link(path, original);
    this.fs.fsyncDir(dirname(original));
    this.fs.rename(made, path);
    this.names.touch(path, made);
  }

  private present(step: Step, path: string): FileStat {
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) throw staleFileError(step, path, 'is gone');
    if (stat.kind !== 'file') throw staleFileError(step, path, 'is not a regular file');
    return stat;
  }
}
