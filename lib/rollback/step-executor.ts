/**
 * Carries out steps: the only writer besides locks and plan files.
 *
 * Invariants:
 * - A step is carried out only on the exact state that it names; on its own result it does nothing; on
 *   anything else it stops. So a list of steps may be run again after any interruption.
 * - A file with more than one link is never changed in place: its prefix goes to a new file that is renamed
 *   over it. Links are counted right before the change.
 * - Every change is durable before a step that builds on it begins: file contents by fsync of the file, names
 *   by fsync of the directory. Removals within one segment share one fsync a directory.
 * - After a failed fsync nothing more is done.
 */
import { dirname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { makeDirLike, makeOwnDir } from '../store/root-memory.ts';
import { lstatOrNull } from '../store/roots.ts';
import type {
  CutFileStep,
  RemoveDirectoryStep,
  RemoveFileStep,
  RemoveLinkStep,
  ReplaceFileStep,
  RewriteKeysStep,
  RollbackPlan,
  Step,
} from '../types.ts';

/** Bytes copied at once. */
const COPY_BYTES = 1024 * 1024;
/** What replace-file steps replace is tiny. */
const MAX_REPLACED_BYTES = 4096;

/** Whether a step had anything left to do. */
export type StepResult = 'done' | 'already-done';

/** Carries out the steps of one plan. */
export class StepExecutor {
  private readonly unsynced = new Set<string>();
  private group = '';
  private serial = 0;

  constructor(
    private readonly fs: DurableFs,
    private readonly plan: RollbackPlan,
  ) {}

  /**
   * Carries out one step.
   * @throws RollbackError ERR_PLAN_STALE when the file is in neither of the states that the step names; what
   *   the file system throws
   */
  execute(step: Step): StepResult {
    const group = `${step.table}:${step.op}:${'segment' in step ? step.segment : ''}`;
    if (group !== this.group) this.flush();
    this.group = group;
    switch (step.op) {
      case 'remove-file':
        return this.removeFile(step);
      case 'remove-link':
        return this.removeLink(step);
      case 'remove-directory':
        return this.removeDirectory(step);
      case 'cut-file':
        return this.cutFile(step);
      case 'rewrite-keys':
        return this.rewriteKeys(step);
      case 'replace-file':
        return this.replaceFile(step);
    }
  }

  /** Makes the removals so far durable. */
  flush(): void {
    for (const dir of this.unsynced) this.fs.fsyncDir(dir);
    this.unsynced.clear();
  }

  /** Frees what was moved out of the way; everything else is durable by then. */
  emptyTrash(): void {
    for (const root of this.plan.roots) {
      const trash = this.trashPath(root);
      if (lstatOrNull(this.fs, trash) === null) continue;
      this.fs.removeTree(trash);
      this.fs.fsyncDir(dirname(trash));
    }
  }

  /** Absolute path of a step's file. */
  pathOf(step: Step): string {
    return join(this.baseOf(step), step.file.path);
  }

  private baseOf(step: Step): string {
    const { root } = step.file;
    const base = root === 'snapshots' ? this.plan.snapshotDir : this.plan.roots[root];
    if (base === null || base === undefined)
      throw stale(step, step.file.path, 'lies in a root that the plan does not have');
    return base;
  }

  private removeFile(step: RemoveFileStep): StepResult {
    const path = this.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) return 'already-done';
    if (stat.kind !== 'file') throw stale(step, path, 'is no regular file');
    if (stat.size !== step.size) throw stale(step, path, `has ${stat.size} bytes instead of ${step.size}`);
    this.fs.unlink(path);
    this.unsynced.add(dirname(path));
    return 'done';
  }

  private removeLink(step: RemoveLinkStep): StepResult {
    const path = this.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) return 'already-done';
    if (stat.kind !== 'link' || this.fs.readlink(path) !== step.target)
      throw stale(step, path, 'is another file now');
    this.fs.unlink(path);
    this.unsynced.add(dirname(path));
    return 'done';
  }

  private removeDirectory(step: RemoveDirectoryStep): StepResult {
    const path = this.pathOf(step);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) return 'already-done';
    if (stat.kind !== 'directory') throw stale(step, path, 'is no directory');
    const aside = join(this.makeTrash(this.baseOf(step)), `${step.table}-${step.reason}`);
    this.fs.rename(path, aside);
    this.fs.fsyncDir(dirname(aside));
    this.fs.fsyncDir(dirname(path));
    return 'done';
  }

  private cutFile(step: CutFileStep): StepResult {
    const path = this.pathOf(step);
    const stat = this.present(step, path);
    if (stat.size === step.to) return 'already-done';
    if (stat.size !== step.from) throw stale(step, path, `has ${stat.size} bytes instead of ${step.from}`);
    if (stat.nlink > 1) {
      this.replaceBy(step, path, stat, (temporary) => this.copyPrefix(path, temporary, step.to));
      return 'done';
    }
    const fd = this.fs.open(path, 'r+');
    try {
      this.fs.truncate(fd, step.to);
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
    return 'done';
  }

  private rewriteKeys(step: RewriteKeysStep): StepResult {
    const path = this.pathOf(step);
    const stat = this.present(step, path);
    if (stat.size === step.to) return 'already-done';
    if (stat.size !== step.from) throw stale(step, path, `has ${stat.size} bytes instead of ${step.from}`);
    this.replaceBy(step, path, stat, (temporary) => this.copyRanges(path, temporary, step.keep));
    return 'done';
  }

  private replaceFile(step: ReplaceFileStep): StepResult {
    const path = this.pathOf(step);
    const stat = this.present(step, path);
    const now = readSmallFile(this.fs, path, MAX_REPLACED_BYTES).toString('hex');
    if (now === step.after) return 'already-done';
    if (now !== step.before) throw stale(step, path, 'was written since');
    const owner = { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
    writeFileDurably(this.fs, path, Buffer.from(step.after, 'hex'), owner);
    return 'done';
  }

  private present(step: Step, path: string): FileStat {
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) throw stale(step, path, 'is gone');
    if (stat.kind !== 'file') throw stale(step, path, 'is no regular file');
    return stat;
  }

  /** Writes a new file beside the old one's root, gives it owner and mode, and renames it over. */
  private replaceBy(step: Step, path: string, old: FileStat, write: (temporary: string) => void): void {
    const temporary = join(this.makeTrash(this.baseOf(step)), `new-${this.serial++}`);
    // What an interrupted run left under this name was never renamed: it is worth nothing.
    if (lstatOrNull(this.fs, temporary) !== null) this.fs.unlink(temporary);
    write(temporary);
    const made = this.fs.lstat(temporary);
    if (made.uid !== old.uid || made.gid !== old.gid) this.fs.chown(temporary, old.uid, old.gid);
    this.fs.chmod(temporary, old.mode & 0o7777);
    const fd = this.fs.open(temporary, 'r+');
    try {
      this.fs.fsync(fd);
    } finally {
      this.fs.close(fd);
    }
    this.fs.rename(temporary, path);
    this.fs.fsyncDir(dirname(path));
  }

  /** The first `to` bytes as a new file: shared blocks where the file system can, a copy elsewhere. */
  private copyPrefix(from: string, temporary: string, to: number): void {
    if (!this.fs.reflink(from, temporary)) {
      this.copyRanges(from, temporary, [[0, to]]);
      return;
    }
    const fd = this.fs.open(temporary, 'r+');
    try {
      this.fs.truncate(fd, to);
    } finally {
      this.fs.close(fd);
    }
  }

  private copyRanges(from: string, temporary: string, ranges: readonly (readonly [number, number])[]): void {
    const buffer = Buffer.allocUnsafe(COPY_BYTES);
    const source = this.fs.open(from, 'r');
    try {
      const target = this.fs.open(temporary, 'wx', 0o600);
      try {
        let written = 0;
        for (const [start, end] of ranges) {
          for (let at = start; at < end; ) {
            const got = this.fs.readAt(source, buffer.subarray(0, Math.min(COPY_BYTES, end - at)), at);
            if (got === 0)
              throw new RollbackError('ERR_PLAN_STALE', { what: 'A file became shorter' }, { path: from });
            this.fs.writeAt(target, buffer.subarray(0, got), written);
            at += got;
            written += got;
          }
        }
      } finally {
        this.fs.close(target);
      }
    } finally {
      this.fs.close(source);
    }
  }

  private trashPath(root: string): string {
    return join(root, '.litt-rollback', `trash-${this.plan.id}`);
  }

  private makeTrash(root: string): string {
    makeOwnDir(this.fs, root);
    const trash = this.trashPath(root);
    makeDirLike(this.fs, trash, root);
    return trash;
  }
}

function stale(step: Step, path: string, problem: string): RollbackError {
  return new RollbackError(
    'ERR_PLAN_STALE',
    {
      what: `A file ${problem}`,
      why: 'The plan was made for another state of the database',
      next: 'Make a new plan, read it, and apply that one',
    },
    { path, table: step.table, segment: 'segment' in step ? step.segment : undefined },
  );
}
