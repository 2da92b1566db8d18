/**
 * Asks the file system what the steps will ask, and leaves everything as it is.
 *
 * What is to be moved is moved onto a directory of ours that is not empty. The kernel looks at everything that would
 * forbid the move (rights, mount points, immutable files, layers of an overlay) before it finds the place taken. So the
 * answer tells, and nothing has moved, also when this process is killed in the middle. All that is made lies in our own
 * directory, under a name that any later run clears away.
 */
import { join } from 'node:path';
import { hasErrno } from '../errors.ts';
import { type Model, makeLike } from '../journal/copy-ranges.ts';
import { temporaryName } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { makeOwnDir, ownDirIn } from '../store/root-set.ts';
import { listDirectory, lstatOrNull } from '../store/roots.ts';

/** What a move onto a directory that is not empty meets at its end, if nothing else forbids it; or there is no such file. */
const ALLOWED = ['EISDIR', 'ENOTEMPTY', 'EEXIST', 'ENOENT'];

/** A place for trials in one participant. */
export class Probe {
  private readonly top: string;
  private readonly taken: string;

  private constructor(
    private readonly fs: DurableFs,
    private readonly own: string,
    private readonly isNew: boolean,
  ) {
    this.top = temporaryName(join(own, 'probe'));
    this.taken = join(this.top, 'taken');
  }

  /**
   * Does trials in a directory, and takes away what was made for them. Raw errors, also where our own directory is not to
   * be made or written; the first one counts.
   * @throws RollbackError as ownDirIn
   */
  static in(fs: DurableFs, base: string, trials: (probe: Probe) => void): void {
    const isNew = ownDirIn(fs, base) === null;
    const probe = new Probe(fs, makeOwnDir(fs, base), isNew);
    try {
      probe.begin();
      trials(probe);
    } catch (error) {
      probe.endQuietly();
      throw error;
    }
    probe.end();
  }

  private begin(): void {
    if (lstatOrNull(this.fs, this.top) !== null) this.fs.removeTree(this.top);
    this.fs.mkdir(this.top);
    this.fs.mkdir(this.taken);
    this.fs.close(this.fs.open(join(this.taken, 'file'), 'wx'));
  }

  private end(): void {
    this.fs.removeTree(this.top);
    if (this.isNew) this.fs.rmdir(this.own);
  }

  private endQuietly(): void {
    try {
      this.end();
    } catch {
      // What is left has a name that the next run clears away.
    }
  }

  /** Why something may not be moved into our own directory, or be replaced; null when it may, or is not there. */
  refusalToMove(path: string): unknown {
    try {
      this.fs.rename(path, this.taken);
    } catch (error) {
      return hasErrno(error, ...ALLOWED) ? null : error;
    }
    // It cannot have gone: the place is taken. If it has, it comes back at once.
    this.fs.rename(this.taken, path);
    return null;
  }

  /** The same of what lies in a directory, at any depth, which is moved file by file where it cannot be renamed. */
  refusalToMoveContents(dir: string): { readonly path: string; readonly error: unknown } | null {
    for (const name of listDirectory(this.fs, dir)) {
      const path = join(dir, name);
      if (this.fs.lstat(path).kind === 'directory') {
        const below = this.refusalToMoveContents(path);
        if (below !== null) return below;
        continue;
      }
      const error = this.refusalToMove(path);
      if (error !== null) return { path, error };
    }
    return null;
  }

  /** Why no file may be made that takes another's place: its owner, its attributes, or reading it; null when it may. */
  refusalToReplace(path: string, stat: FileStat): unknown {
    const model: Model = { path, stat };
    try {
      makeLike(this.fs, join(this.top, 'like'), model, () => this.fs.close(this.fs.open(path, 'r')));
      return null;
    } catch (error) {
      return error;
    }
  }
}
