/** Sequences made by hand, and what can be seen of the states that a crash leaves of them. */
import { expect } from 'chai';
import { inconsistencies } from './check-tree.ts';
import { crashStates } from './crash-states.ts';
import { MemoryFs, type OpLog } from './memory-fs.ts';
import { create, filesIn, textOf } from './small-files.ts';

/** How many states the tests by hand choose. */
export const CHOICE = { sample: 40, seed: 7 };

/** A file system with some files, and the log of what was done to it afterwards. */
export function logged(files: Record<string, string>, work: (fs: MemoryFs) => void): OpLog {
  const fs = new MemoryFs({ reflinks: true });
  for (const dir of ['/d', '/e']) fs.mkdir(dir);
  for (const [path, text] of Object.entries(files)) create(fs, path, text);
  const log = fs.record();
  work(fs);
  return log;
}

/** What is seen of all states after `k` operations (default: all of them), without repetitions, sorted. */
export function seen(log: OpLog, look: (fs: MemoryFs) => string, k = log.ops.length, options = {}): string[] {
  const views = [...crashStates(log, k, { ...CHOICE, ...options })].map((state) => {
    expect(inconsistencies(state)).to.deep.equal([]);
    return look(state);
  });
  return [...new Set(views)].sort();
}

/** What is seen of the states after any number of operations. */
export function seenEver(log: OpLog, look: (fs: MemoryFs) => string): string[] {
  const all = Array.from({ length: log.ops.length + 1 }, (_, k) => seen(log, look, k));
  return [...new Set(all.flat())].sort();
}

/** Looks at the content of one file. */
export const text = (path: string) => (fs: MemoryFs) => textOf(fs, path);

/** Looks at the paths of all files. */
export const names = (fs: MemoryFs): string => filesIn(fs, '/').join(' ');
