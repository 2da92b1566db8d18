/** The room that the steps of a rollback take: what each writes, and what participants of one file system share. */
import { formatCount } from '../format/grouped.ts';
import { sizeAfter } from '../logindex/verify-log.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { AnyStep } from '../types.ts';
import { cutsInPlace } from './execute-step.ts';

/** What a small file, or a directory, takes at least (bytes). */
export const BLOCK = 4096;

/** Bytes, and new files. */
export interface Room {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Bytes of the new files that a step makes; null when it makes none.
 * @param isInPlace whether a file is cut where it is: its tail is written, and not what stays of it
 */
export function bytesWritten(step: AnyStep, isInPlace: boolean): number | null {
  switch (step.op) {
    case 'cut-file':
      return isInPlace ? step.from - step.to : step.to;
    case 'rewrite-keys':
      return step.to;
    case 'replace-file':
      return step.after.length / 2;
    // The log that is kept is copied where it cannot have a second link.
    case 'rewind-log':
      return sizeAfter(step) + (step.from ?? 0);
    default:
      return null;
  }
}

/** Whether a step cuts its file where it is, if this user may write to it: the file has no other name, and a tail to save. */
export function mayCutInPlace(fs: DurableFs, path: string, step: AnyStep): boolean {
  return step.op === 'cut-file' && cutsInPlace(step.from, step.to) && lstatOrNull(fs, path)?.nlink === 1;
}

/** The room in each file system; `dir` is one of the directories that share it. */
export function roomByDevice(
  fs: DurableFs,
  rooms: ReadonlyMap<string, Room>,
): readonly (Room & { readonly dir: string })[] {
  const shared = new Map<string, Room & { readonly dir: string }>();
  for (const [dir, { bytes, files }] of rooms) {
    const { dev } = fs.lstat(dir);
    const known = shared.get(dev) ?? { bytes: 0, files: 0 };
    shared.set(dev, { dir, bytes: known.bytes + bytes, files: known.files + files });
  }
  return [...shared.values()];
}

/** "1,024 KiB are free, and 2,048 KiB are needed" */
export function freeAndNeeded(free: number, needed: number): string {
  const kib = (count: number): string => `${formatCount(count)} KiB`;
  return `${kib(Math.floor(free / 1024))} are free, and ${kib(Math.ceil(needed / 1024))} are needed`;
}
