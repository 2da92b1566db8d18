/**
 * Removes the remains of transactions that have not begun or have been reverted: bolts, areas without a
 * document, temporary files, locks that fail closed. The database itself is not touched.
 */
import { join } from 'node:path';
import {
  areaPath,
  discardArea,
  hasTrash,
  UNDOING_MARK,
  UNDONE_MARK,
  writeChecksummed,
} from '../store/area.ts';
import { possibleTables, removeBolt, segmentsDirs } from '../store/bolt.ts';
import { isTemporaryName, temporaryName } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFenced, lowerFence, replacedName } from '../store/fence.ts';
import { LOCK_FILE } from '../store/lock.ts';
import { OWN_DIR, ownDirIn } from '../store/root-set.ts';
import { lstatOrNull } from '../store/roots.ts';
import { resolveSnapshotDir } from '../store/snapshot-dir.ts';
import { type AreaState, areasIn } from './documents.ts';
import { inReverse } from './participants.ts';

/** The given roots, and the snapshot directory when it is given. */
export function participantDirs(
  fs: DurableFs,
  roots: readonly string[],
  snapshotDir: string | undefined,
): string[] {
  if (snapshotDir === undefined || snapshotDir === 'none') return [...roots];
  return [...roots, resolveSnapshotDir(fs, snapshotDir, roots)];
}

/**
 * Completes the marks of a finished undo: the areas go one by one, and any single one that is left must say so
 * itself.
 */
export function markUndone(fs: DurableFs, dirs: readonly string[], id: string): void {
  for (const dir of dirs) {
    const area = areasIn(fs, dir).find((a) => a.id === id);
    if (area === undefined) continue;
    // A killed process may have written a mark that is not durable yet.
    if (area.marks.undone) fs.fsyncDir(areaPath(dir, id));
    else writeChecksummed(fs, areaPath(dir, id), UNDONE_MARK, { id });
  }
}

/**
 * Removes one transaction's bolts, areas and fences, in this order; repeatable. The roots come first among
 * `dirs`, and go last: they point to the rest. Discarded areas still take their space.
 */
export function clearTransaction(fs: DurableFs, dirs: readonly string[], id: string): void {
  removeAllBolts(fs, dirs, id);
  for (const dir of inReverse(dirs)) discardArea(fs, dir, id);
  lowerAllFences(fs, dirs, id);
}

/** Whether a crashed run left files in a directory with these areas that block nothing and can be deleted. */
export function hasLeftovers(fs: DurableFs, dir: string, areas: readonly AreaState[]): boolean {
  const isHalfWritten = ({ id }: AreaState): boolean => fs.readdir(areaPath(dir, id)).some(isTemporaryName);
  return (
    hasTrash(fs, dir) ||
    areas.some((area) => isGarbage(area) || isHalfWritten(area)) ||
    temporaries(fs, dir).length > 0
  );
}

/** A directory without a document, or of a finished rollback with keepUndo: false. */
function isGarbage({ state, document }: AreaState): boolean {
  switch (state) {
    case 'bare':
      return true;
    case 'closed':
      return document?.keepUndo === false;
    case 'open':
      return false;
  }
}

/** Our own directory, not yet named, and half-written locks of a directory and, in a snapshot directory, of its tables. */
function temporaries(fs: DurableFs, dir: string): string[] {
  const below = possibleTables(fs, dir).map((name) => join(dir, name));
  const locks = [dir, ...below]
    .map((d) => join(d, LOCK_FILE))
    .flatMap((lock) => [temporaryName(lock), replacedName(lock)]);
  return [temporaryName(join(dir, OWN_DIR)), ...locks].filter((path) => lstatOrNull(fs, path) !== null);
}

/** Removes areas without a document. Discarded areas still take their space. */
export function clearTraces(fs: DurableFs, dirs: readonly string[]): void {
  removeAllBolts(fs, dirs, null);
  for (const dir of inReverse(dirs)) {
    for (const area of areasIn(fs, dir)) {
      if (isGarbage(area)) discardArea(fs, dir, area.id);
      else dropUndoing(fs, areaPath(dir, area.id));
    }
    // A killed process may have removed trash just now: that is made durable too.
    const own = ownDirIn(fs, dir);
    if (own !== null && !hasTrash(fs, dir)) fs.fsyncDir(own);
  }
  lowerAllFences(fs, dirs, null);
}

/** An undo that had not begun: its mark would mislead the next reader. */
function dropUndoing(fs: DurableFs, area: string): void {
  dropTemporaries(fs, area);
  const mark = join(area, UNDOING_MARK);
  if (lstatOrNull(fs, mark) === null) return;
  fs.unlink(mark);
  fs.fsyncDir(area);
}

/** Removes marks and documents of an area that a killed run has not finished writing. */
export function dropTemporaries(fs: DurableFs, area: string): void {
  const names = fs.readdir(area).filter(isTemporaryName);
  for (const name of names) fs.removeTree(join(area, name));
  if (names.length > 0) fs.fsyncDir(area);
}

function removeAllBolts(fs: DurableFs, dirs: readonly string[], id: string | null): void {
  for (const dir of dirs) {
    for (const name of possibleTables(fs, dir))
      for (const at of segmentsDirs(fs, [dir], name)) removeBolt(fs, at, id);
  }
}

/** Also the locks of the tables below a snapshot directory. */
function lowerAllFences(fs: DurableFs, dirs: readonly string[], id: string | null): void {
  for (const dir of inReverse(dirs)) {
    for (const name of possibleTables(fs, dir)) {
      const below = join(dir, name);
      if (lstatOrNull(fs, below)?.kind === 'directory' && isFenced(fs, below)) lowerFence(fs, below, id);
    }
    for (const path of temporaries(fs, dir)) fs.removeTree(path);
    lowerFence(fs, dir, id);
  }
}
