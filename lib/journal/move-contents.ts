/** Moves what lies in a directory into another one, file by file. */
import { dirname, join } from 'node:path';
import type { DurableFs } from '../store/durable-fs.ts';
import { giveLike } from '../store/ownership.ts';
import { listDirectory, lstatOrNull } from '../store/roots.ts';

/**
 * Moves the content of a directory into another one, which is made like it, and removes the empty directory. Repeatable:
 * what an interrupted move has done is not done again. Every name is durable before the directory goes. Raw errors.
 */
export function moveContents(fs: DurableFs, from: string, to: string): void {
  const stat = lstatOrNull(fs, from);
  if (stat === null) return;
  if (lstatOrNull(fs, to) === null) {
    fs.mkdir(to, stat.mode);
    giveLike(fs, to, fs.lstat(to), stat);
    fs.chmod(to, stat.mode);
    fs.fsyncDir(to);
    // Before anything moves there: what lies in a directory without a name is lost.
    fs.fsyncDir(dirname(to));
  }
  for (const name of listDirectory(fs, from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (fs.lstat(source).kind === 'directory') moveContents(fs, source, target);
    else fs.rename(source, target);
  }
  fs.fsyncDir(to);
  fs.fsyncDir(from);
  fs.rmdir(from);
}
