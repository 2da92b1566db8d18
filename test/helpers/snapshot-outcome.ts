/** What must hold of a table's snapshots after a rollback, from the trees before and after it alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuiltDatabase } from './table-builder.ts';
import type { Tree } from './tree.ts';

/** Hard links name the present files or collected ones, links lead somewhere, and bounds are capped exactly. */
export function problemsOfSnapshots(name: string, built: BuiltDatabase, before: Tree, after: Tree): string[] {
  if (built.snapshotDir === undefined) return [];
  return [
    ...problemsOfHardLinks(name, after),
    ...problemsOfLinks(name, built.dir, before, after),
    ...problemsOfBounds(name, built, before, after),
  ];
}

/** The number of a segment file; NaN for anything else. */
function indexOf(path: string): number {
  return Number(/\/(\d+)[^/]*\.(?:metadata|keys|values)$/.exec(path)?.[1] ?? Number.NaN);
}

function segmentFiles(name: string, tree: Tree, directory = 'segments'): string[] {
  const pattern = new RegExp(`^root\\d+/${name}/${directory}/[^/]+$`);
  return [...tree.keys()].filter((path) => pattern.test(path) && !Number.isNaN(indexOf(path)));
}

/** A link that names an older file would be published as the new segment. */
function problemsOfHardLinks(name: string, after: Tree): string[] {
  const present = segmentFiles(name, after).map(indexOf);
  const lowest = Math.min(...present);
  return segmentFiles(name, after, 'snapshot').flatMap((path) => {
    if (present.length === 0) return [`${path}: stays although the table is empty`];
    if (indexOf(path) < lowest) return [];
    const now = after.get(path.replace('/snapshot/', '/segments/'));
    return now?.ino === after.get(path)?.ino ? [] : [`${path}: names an older file`];
  });
}

function problemsOfLinks(name: string, dir: string, before: Tree, after: Tree): string[] {
  const kept = [...after].filter(([path, e]) => e.kind === 'link' && path.startsWith(`snapshots/${name}/`));
  const nowhere = kept
    .filter(([path]) => !existsSync(join(dir, path)))
    .map(([path]) => `${path}: leads nowhere`);
  const names = new Set(kept.map(([path]) => path));
  const lost = [...before].filter(([path, e]) => {
    const hard = `${path.replace(/^snapshots\//, '').replace('/segments/', '/snapshot/')}`;
    const isOurs = e.kind === 'link' && path.startsWith(`snapshots/${name}/`) && !names.has(path);
    return isOurs && [...after.keys()].some((p) => p.endsWith(`/${hard}`));
  });
  return [...nowhere, ...lost.map(([path]) => `${path}: gone although its file is there`)];
}

function problemsOfBounds(name: string, built: BuiltDatabase, before: Tree, after: Tree): string[] {
  const highest = Math.max(-1, ...segmentFiles(name, after).map(indexOf));
  const changed = segmentFiles(name, before)
    .filter((path) => before.get(path)?.sha256 !== after.get(path)?.sha256)
    .map(indexOf)
    .filter((index) => highest === -1 || index >= lowestOf(name, after));
  const firstChanged = changed.length === 0 ? highest + 1 : Math.min(...changed);
  const isEmptied = highest === -1;
  return [
    ...problemsOfBound(`${name}/upper-bound.txt`, built, before, isEmptied ? -1 : highest),
    ...problemsOfBound(`${name}/lower-bound.txt`, built, before, isEmptied ? -1 : firstChanged - 1),
  ];
}

function lowestOf(name: string, tree: Tree): number {
  return Math.min(...segmentFiles(name, tree).map(indexOf));
}

/** A bound above its cap is lowered to it, or removed when nothing is left below; any other stays. */
function problemsOfBound(file: string, built: BuiltDatabase, before: Tree, cap: number): string[] {
  const was = built.bounds.get(file) ?? null;
  const path = join(built.snapshotDir ?? '', file);
  const is = existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
  if ((was === null) !== !before.has(`snapshots/${file}`)) return [`${file}: the builder is wrong`];
  const expected = was === null || cap < 0 ? null : String(Math.min(was, cap));
  return is === expected ? [] : [`${file}: was ${was}, is ${is}, expected ${expected}`];
}
