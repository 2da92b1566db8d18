/**
 * Which paths steps may name. Plan files and journals are input: whatever they say, only what planning itself
 * could have named is touched, and never through a symbolic link.
 */
import { dirname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FileRef, Step } from '../types.ts';

const NAME = '[^/]+';

/** Whether planning could have named this file of this table. */
export function isTablePath(table: string, file: FileRef): boolean {
  const inRoot = `segments/${NAME}|keymap|snapshot|snapshot/${NAME}|gc-watermark`;
  const below = file.root === 'snapshots' ? `segments/${NAME}|(?:upper|lower)-bound\\.txt` : inRoot;
  return new RegExp(`^${table}/(?:${below})$`).test(file.path);
}

/** Whether a step's operation fits the file that it names. */
export function isPlausibleStep(step: Step): boolean {
  const { table, file } = step;
  if (!isTablePath(table, file)) return false;
  const path = file.path.slice(table.length + 1);
  switch (step.op) {
    case 'remove-directory':
      return path === step.reason && file.root !== 'snapshots';
    case 'remove-link':
      return file.root === 'snapshots' && path.startsWith('segments/');
    case 'cut-file':
      return file.root !== 'snapshots' && path.startsWith('segments/') && step.to < step.from;
    case 'rewrite-keys':
      return (
        file.root !== 'snapshots' && path.startsWith('segments/') && rangesFit(step.keep, step.from, step.to)
      );
    case 'replace-file':
      return step.reason === 'metadata'
        ? path.startsWith('segments/') && file.root !== 'snapshots'
        : file.root === 'snapshots';
    case 'remove-file':
      return path !== 'keymap' && path !== 'snapshot';
  }
}

/** Ranges in order, apart, inside the old file, and together as long as the new one. */
function rangesFit(keep: readonly (readonly [number, number])[], from: number, to: number): boolean {
  let at = 0;
  let sum = 0;
  for (const [start, end] of keep) {
    if (start < at || end <= start || end > from) return false;
    at = end;
    sum += end - start;
  }
  return sum === to;
}

/**
 * Refuses files whose directories are symbolic links, or no directories: a link could lead out of the root.
 * @param base the member's directory, a real path
 * @throws RollbackError ERR_SYMBOLIC_LINK
 */
export function refuseLinkedParents(fs: DurableFs, base: string, paths: Iterable<string>): void {
  const checked = new Set<string>();
  for (const path of paths) {
    for (let parent = dirname(path); parent !== '.' && !checked.has(parent); parent = dirname(parent)) {
      checked.add(parent);
      const stat = lstatOrNull(fs, join(base, parent));
      if (stat === null || stat.kind === 'directory') continue;
      throw new RollbackError(
        'ERR_SYMBOLIC_LINK',
        {
          what: `A directory of the database is a ${stat.kind === 'link' ? 'symbolic link' : stat.kind}`,
          why: 'Following it could change files outside the root',
          next: 'Put the directory itself in its place, then run the command again',
        },
        { path: join(base, parent) },
      );
    }
  }
}
