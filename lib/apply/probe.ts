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
import { createLike, type Model } from '../journal/copy-ranges.ts';
import { temporaryName } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import { makeOwnDir, ownDirIn } from '../store/root-set.ts';
import { listDirectory, lstatOrNull } from '../store/roots.ts';

/** What a move onto a directory that is not empty meets at its end, if nothing else forbids it. */
const TAKEN = ['EISDIR', 'ENOTEMPTY', 'EEXIST'];

/** A place for trials in one participant. */
export class Probe {
  private readonly place: string;

  private constructor(
    private readonly fs: DurableFs,
    own: string,
  ) {
    this.place = join(temporaryName(join(own, 'probe')), 'taken');
  }

  /**
   * Does trials in a directory, and takes away what was made for them. Raw errors, also where our own directory is not
   * to be made or written.
   */
  static in<T>(fs: DurableFs, base: string, trials: (probe: Probe) => T): T {
    const isNew = ownDirIn(fs, base) === null;
    const own = makeOwnDir(fs, base);
    const probe = new Probe(fs, own);
    try {
      probe.begin();
      return trials(probe);
    } finally {
      fs.removeTree(join(probe.place, '..'));
      if (isNew) fs.rmdir(own);
    }
  }

  private begin(): void {
    const top = join(this.place, '..');
    if (lstatOrNull(this.fs, top) !== null) this.fs.removeTree(top);
    this.fs.mkdir(top);
    this.fs.mkdir(this.place);
    this.fs.close(this.fs.open(join(this.place, 'file'), 'wx'));
  }

  /** Why something may not be moved into our own directory, or be replaced; null when it may. */
  refusalToMove(path: string): unknown {
    try {
      this.fs.rename(path, this.place);
    } catch (error) {
      return hasErrno(error, ...TAKEN) ? null : error;
    }
    // It cannot have gone: the place is taken. If it has, it comes back at once.
    this.fs.rename(this.place, path);
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
      createLike(this.fs, join(this.place, '..', 'like'), model, () =>
        this.fs.close(this.fs.open(path, 'r')),
      );
      return null;
    } catch (error) {
      return error;
    }
  }
}
