/**
 * Which paths steps may name. Plan files and journals are untrusted input: only paths that planning itself
 * could have named are touched, and never through a symbolic link.
 */
import { basename, dirname, extname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { isTableName, segmentIndexOf } from '../format/file-names.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FileInfo } from '../store/types.ts';
import type { FileRef, PlaceName, RemoveFileStep, RewindLogStep, Step } from '../types.ts';

/** What planning names below a table's directory in a root, and below the snapshot directory. */
const IN_ROOT = /^(?:segments\/[^/]+|keymap|snapshot|snapshot\/[^/]+|gc-watermark)$/;
const IN_SNAPSHOTS = /^(?:segments\/[^/]+|(?:upper|lower)-bound\.txt)$/;

/** A key for each file: its root, and its path in that root. */
export function fileKey(
  file: { readonly root: PlaceName; readonly path: string } | Pick<FileInfo, 'root' | 'rel'>,
): string {
  return `${file.root}:${'rel' in file ? file.rel : file.path}`;
}

/** A log of the log-index. */
const LOG_NAME = /^\d{6,}\.log$/;

/** Whether planning could have named this file of this table. */
export function isTablePath(table: string, file: FileRef): boolean {
  if (!isTableName(table) || !file.path.startsWith(`${table}/`)) return false;
  const below = file.path.slice(table.length + 1);
  return (file.root === 'snapshots' ? IN_SNAPSHOTS : IN_ROOT).test(below);
}

/**
 * The problem with a list of steps: one for another table, two for one file, or one inside a directory that
 * goes. Null when there is none.
 */
export function problemOfSteps(table: string, steps: readonly Step[]): string | null {
  const named = new Set<string>();
  const removed: string[] = [];
  for (const { table: of, file, op } of steps) {
    const name = fileKey(file);
    if (of !== table) return `a step of table ${table} is for table ${of}`;
    if (named.has(name)) return `two steps are for ${file.path}`;
    named.add(name);
    if (op === 'remove-directory') removed.push(`${name}/`);
  }
  const inside = [...named].find((name) => removed.some((dir) => name.startsWith(dir)));
  return inside === undefined ? null : `a step is for ${inside}, in a directory that goes`;
}

/** Whether planning could have made this step: its operation, reason and segment fit the file that it names. */
export function isPlausibleStep(step: Step): boolean {
  const { table, file } = step;
  if (!isTablePath(table, file)) return false;
  const path = file.path.slice(table.length + 1);
  const isShared = file.root === 'snapshots';
  const isOf = (dir: string, segment: number | undefined, ...extensions: string[]): boolean =>
    !isShared &&
    path.startsWith(`${dir}/`) &&
    segmentIndexOf(basename(path)) === segment &&
    (extensions.length === 0 || extensions.includes(extname(path)));
  switch (step.op) {
    case 'remove-directory':
      return path === step.reason && !isShared;
    case 'remove-link':
      return isShared && path.startsWith('segments/');
    case 'cut-file':
      return isOf('segments', step.segment, '.keys', '.values') && step.to < step.from;
    case 'rewrite-keys':
      return isOf('segments', step.segment, '.keys') && rangesFit(step.keep, step.from, step.to);
    case 'replace-file':
      if (step.reason === 'metadata') return isOf('segments', step.segment, '.metadata');
      return isShared && path === `${step.reason}.txt` && step.segment === undefined;
    case 'remove-file':
      return isPlausibleRemoval(step, path, isOf);
  }
}

/** The same for the step of a log-index. */
export function isPlausibleRewind({ file, from, keep, append }: RewindLogStep): boolean {
  return LOG_NAME.test(file.path) && append !== '' && keep <= (from ?? 0);
}

function isPlausibleRemoval(
  { reason, segment, file }: RemoveFileStep,
  path: string,
  isOf: (dir: string, segment: number | undefined) => boolean,
): boolean {
  switch (reason) {
    case 'leftover':
      return file.root !== 'snapshots' && /^segments\/[^/]+\.swap$/.test(path) && segment === undefined;
    case 'watermark':
      return path === 'gc-watermark' && segment === undefined;
    case 'bound':
      return file.root === 'snapshots' && path.endsWith('-bound.txt') && segment === undefined;
    default:
      return isOf(reason === 'snapshot' ? 'snapshot' : 'segments', segment);
  }
}

/** Ranges in order, without overlap, inside the old file, and together as long as the new one. */
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
 * Refuses files whose parent directories are symbolic links or not directories: a link could lead out of the
 * root.
 * @param base the participant's directory, a real path
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
