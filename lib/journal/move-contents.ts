/** Moves a directory that cannot be renamed, file by file, and back. */
import { dirname, join } from 'node:path';
import { hasErrno } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { giveLike } from '../store/ownership.ts';
import { listDirectory, lstatOrNull } from '../store/roots.ts';

/** What this program needs of a directory while it moves files there. */
const OWNER_ALL = 0o700;

/**
 * Moves the content of a directory into another one, which is made like it, and removes the empty directory. Repeatable:
 * what an interrupted move has done is not done again. Every name is durable before the directory goes. Raw errors.
 */
export function moveContents(fs: DurableFs, from: string, to: string): void {
  const stat = lstatOrNull(fs, from);
  if (stat === null) return;
  if (lstatOrNull(fs, to) === null) {
    fs.mkdir(to, stat.mode | OWNER_ALL);
    // Before anything moves there: what lies in a directory without a name is lost.
    fs.fsyncDir(dirname(to));
  }
  moveEntries(fs, from, to, moveDirectory);
  // Every time: an interrupted move may have made the directory without that.
  giveLike(fs, to, fs.lstat(to), stat);
  fs.chmod(to, stat.mode);
  removeEmptied(fs, from, to);
}

/** A directory in a directory may have been made later, and then it can be renamed. */
function moveDirectory(fs: DurableFs, from: string, to: string): void {
  if (lstatOrNull(fs, to) === null) {
    try {
      fs.rename(from, to);
      return;
    } catch (error) {
      if (!hasErrno(error, 'EXDEV')) throw error;
    }
  }
  moveContents(fs, from, to);
}

/**
 * Moves back what moveContents() has moved so far. A directory that is still there keeps its looks; one that is gone was
 * moved whole, and what was made in its place is renamed. Repeatable. Raw errors.
 */
export function moveContentsBack(fs: DurableFs, from: string, to: string): void {
  if (lstatOrNull(fs, to) === null) {
    fs.rename(from, to);
    return;
  }
  moveEntries(fs, from, to, moveContentsBack);
  removeEmptied(fs, from, to);
}

function moveEntries(fs: DurableFs, from: string, to: string, moveDir: typeof moveContents): void {
  for (const name of listDirectory(fs, from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (fs.lstat(source).kind === 'directory') moveDir(fs, source, target);
    else fs.rename(source, target);
  }
}

/** Names in the new place are durable before the old one goes; with it go the names that it had, synced or not. */
function removeEmptied(fs: DurableFs, from: string, to: string): void {
  fs.fsyncDir(to);
  fs.rmdir(from);
}
