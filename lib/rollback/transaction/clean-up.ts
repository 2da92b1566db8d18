/**
 * Clears away what is left of transactions that have not begun, or have been taken back: bolts, areas without a
 * document, temporary files, locks that fail closed. Nothing of the database is touched.
 */
import { join } from 'node:path';
import { areaPath, discardArea, emptyTrash, UNDOING_MARK } from '../../store/area.ts';
import { temporaryName } from '../../store/durable-files.ts';
import type { DurableFs } from '../../store/durable-fs.ts';
import { drawBolt, openLock, segmentsDirs } from '../../store/guard.ts';
import { listDirectory, lstatOrNull } from '../../store/roots.ts';
import { resolveSnapshotDir } from '../snapshots.ts';
import { areasIn } from './journal.ts';

/** The given roots, and the snapshot directory when it is given. */
export function memberDirs(
  fs: DurableFs,
  roots: readonly string[],
  snapshotDir: string | undefined,
): string[] {
  if (snapshotDir === undefined || snapshotDir === 'none') return [...roots];
  return [...roots, resolveSnapshotDir(fs, snapshotDir, roots)];
}

/** Takes bolts, one transaction's areas, and closed locks away, in this order; repeatable. */
export function clearTransaction(fs: DurableFs, dirs: readonly string[], id: string): void {
  drawAllBolts(fs, dirs);
  for (const dir of dirs) discardArea(fs, dir, id);
  openAllLocks(fs, dirs);
  for (const dir of dirs) emptyTrash(fs, dir);
}

/** Takes away what has no document to go by. */
export function clearTraces(fs: DurableFs, dirs: readonly string[]): void {
  drawAllBolts(fs, dirs);
  for (const dir of dirs) {
    for (const area of areasIn(fs, dir)) {
      if (area.state === 'bare') discardArea(fs, dir, area.id);
      else dropUndoing(fs, areaPath(dir, area.id));
    }
  }
  openAllLocks(fs, dirs);
  for (const dir of dirs) emptyTrash(fs, dir);
}

/** An undo that had not begun: its mark would mislead the next reader. */
function dropUndoing(fs: DurableFs, area: string): void {
  const mark = join(area, UNDOING_MARK);
  for (const path of [mark, temporaryName(mark)]) {
    if (lstatOrNull(fs, path) === null) continue;
    fs.unlink(path);
    fs.fsyncDir(area);
  }
}

function drawAllBolts(fs: DurableFs, dirs: readonly string[]): void {
  for (const dir of dirs) {
    for (const name of listDirectory(fs, dir))
      for (const at of segmentsDirs(fs, [dir], name)) drawBolt(fs, at);
  }
}

/** Also the locks of the tables below a snapshot directory. */
function openAllLocks(fs: DurableFs, dirs: readonly string[]): void {
  for (const dir of dirs) {
    for (const name of listDirectory(fs, dir)) {
      const below = join(dir, name);
      if (lstatOrNull(fs, below)?.kind === 'directory') openLock(fs, below);
    }
    openLock(fs, dir);
  }
}
