/**
 * What a plan was made from: every file of the planned tables, with size, time and inode number. A plan is
 * applied only to exactly these files.
 */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { LOWER_BOUND_FILE, UPPER_BOUND_FILE } from '../format/boundary.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FileInfo, Table } from '../store/types.ts';
import type { FingerprintEntry, PlaceName, RollbackPlan } from '../types.ts';

/** How many differences a refusal names. */
const MAX_NAMED = 5;

/** The directory that a place of a plan stands for; null where the plan has none. */
export function placeOf(
  { roots, snapshotDir, logIndex }: Pick<RollbackPlan, 'roots' | 'snapshotDir' | 'logIndex'>,
  name: PlaceName,
): string | null {
  if (name === 'snapshots') return snapshotDir;
  return (name === 'log-index' ? logIndex?.dir : roots[name]) ?? null;
}

/** The fingerprint of some tables and of their bounds below the snapshot directory. */
export function fingerprintOf(
  fs: DurableFs,
  tables: readonly Table[],
  snapshotDir: string | null,
): FingerprintEntry[] {
  const entries: FingerprintEntry[] = [];
  for (const table of tables) {
    for (const file of filesOf(table)) entries.push([file.root, file.rel, file.size, file.mtimeNs, file.ino]);
    for (const keymap of table.keymaps) {
      // A keymap is dropped whole, so comparing its directory is enough.
      entries.push([keymap.root, keymap.rel, 0, '', fs.lstat(keymap.path).ino]);
    }
    if (snapshotDir === null) continue;
    for (const name of [LOWER_BOUND_FILE, UPPER_BOUND_FILE]) {
      const stat = lstatOrNull(fs, join(snapshotDir, table.name, name));
      if (stat !== null)
        entries.push(['snapshots', `${table.name}/${name}`, stat.size, stat.mtimeNs, stat.ino]);
    }
  }
  return entries;
}

function* filesOf(table: Table): Generator<FileInfo> {
  for (const s of table.segments) yield* [s.metadataFile, s.keys, ...s.values];
  for (const o of table.orphans) yield* o.files;
  yield* table.leftovers;
  yield* table.watermarkFiles;
  for (const s of table.snapshots) yield* s.files;
}

/**
 * Refuses when the files are not the ones that the plan was made from, and says which differ and how.
 * @throws RollbackError ERR_PLAN_STALE
 */
export function compareFingerprints(
  planned: readonly FingerprintEntry[],
  present: readonly FingerprintEntry[],
  places: Pick<RollbackPlan, 'roots' | 'snapshotDir' | 'logIndex'>,
): void {
  const before = new Map(planned.map((e) => [`${e[0]}:${e[1]}`, e]));
  const now = new Map(present.map((e) => [`${e[0]}:${e[1]}`, e]));
  const differences: string[] = [];
  let first: string | undefined;
  const note = (entry: FingerprintEntry, what: string): void => {
    const path = join(placeOf(places, entry[0]) ?? '', entry[1]);
    first ??= path;
    differences.push(`${path} ${what}`);
  };
  for (const [key, entry] of before) {
    const other = now.get(key);
    if (other === undefined) note(entry, 'is gone');
    else if (other[2] !== entry[2]) note(entry, `has ${other[2]} bytes instead of ${entry[2]}`);
    else if (other[3] !== entry[3]) note(entry, 'was written since');
    else if (other[4] !== entry[4]) note(entry, 'was replaced');
  }
  for (const [key, entry] of now) if (!before.has(key)) note(entry, 'is new');
  if (differences.length === 0) return;
  const rest = differences.length > MAX_NAMED ? `, and ${differences.length - MAX_NAMED} more` : '';
  throw new RollbackError(
    'ERR_PLAN_STALE',
    {
      what: `The database has changed since the plan was made: ${differences.slice(0, MAX_NAMED).join('; ')}${rest}`,
      why: 'Its cuts would fall in the wrong places',
      next: 'Make a new plan, read it, and apply that one',
    },
    { path: first },
  );
}
