/** What must hold of a database after a rollback, whatever the way it was run. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { compareToListing, type Leniency } from './compare.ts';
import { type FixtureCase, targetKeys, type UnpackedCase } from './fixtures.ts';
import { type DatabaseImage, hashOfKeys, listing, readImage, servedNewestFirst } from './image.ts';
import { type Matcher, type ModelResult, rollback } from './model.ts';
import { named, type Tree, type TreeEntry, treeDifferences, treeOf } from './tree.ts';

/** The filter that a fixture's target stands for. */
export function fixtureMatcher(fixture: FixtureCase): Matcher {
  const keys = targetKeys(fixture);
  return (table, key) => (keys[table] ?? []).some((wanted) => key.equals(wanted));
}

/** What the naive model leaves of every table of an unpacked case; compute it before the rollback. */
export function modelOf(unpacked: UnpackedCase): Map<string, ModelResult> {
  const matches = fixtureMatcher(unpacked.fixture);
  const results = new Map<string, ModelResult>();
  for (const roots of unpacked.databases) {
    for (const [name, table] of readImage(roots)) results.set(name, rollback(table, matches, 'keep'));
  }
  return results;
}

/** What the model leaves open. */
export function leniencyOf(model: ReadonlyMap<string, ModelResult>): Leniency {
  const uncut: DatabaseImage = new Map();
  for (const [name, result] of model) if (result.uncut !== null) uncut.set(name, result.uncut);
  return {
    mayStay: new Map([...model].map(([name, result]) => [name, result.mayStay])),
    mayStayUnsealed: new Set([...model].filter(([, r]) => r.pivot === null).map(([name]) => name)),
    orElse: listing(uncut),
  };
}

/** Everything that is wrong with the result of a rollback of a fixture; none means that it is right. */
export function problemsOfResult(
  unpacked: UnpackedCase,
  before: Tree,
  model: ReadonlyMap<string, ModelResult>,
): string[] {
  const images = unpacked.databases.map((roots) => readImage(roots));
  const image: DatabaseImage = new Map(images.flatMap((tables) => [...tables]));
  const after = treeOf(unpacked.dir);
  const leniency = { ...leniencyOf(model), mayMiss: true };
  return [
    ...compareToListing(listing(image), unpacked.fixture.after ?? {}, leniency),
    ...problemsOfServed(unpacked.fixture, image),
    ...problemsOfVersions(image, model),
    ...problemsOfTree(before, after),
    ...[...model.keys()].flatMap((name) => problemsOfKeymap(name, before, after)),
    ...problemsOfSnapshots(unpacked, image, model),
  ];
}

function problemsOfServed(fixture: FixtureCase, image: DatabaseImage): string[] {
  return Object.entries(fixture.engine ?? {}).flatMap(([name, engine]) => {
    const served = servedNewestFirst(image.get(name)!);
    const hex = served.map((r) => r.key.toString('hex'));
    const problems: string[] = [];
    if (served.length !== engine.iterated)
      problems.push(`${name}: ${served.length} keys, not ${engine.iterated}`);
    if ((hex[0] ?? null) !== engine.newest) problems.push(`${name}: newest key is ${hex[0]}`);
    if ((hex[hex.length - 1] ?? null) !== engine.oldest)
      problems.push(`${name}: oldest key is ${hex.at(-1)}`);
    if (hashOfKeys(served) !== engine.sha256OfKeysNewestFirst) problems.push(`${name}: keys differ`);
    return problems;
  });
}

/** An older engine refuses a database with a single metadata file of a newer version: each keeps its own. */
function problemsOfVersions(image: DatabaseImage, model: ReadonlyMap<string, ModelResult>): string[] {
  return [...model].flatMap(([name, { after }]) =>
    [...after.segments.values()].flatMap(({ index, meta }) => {
      const is = image.get(name)?.segments.get(index)?.meta;
      return is == null || is.version === meta?.version
        ? []
        : [`${name}/${index}: version ${is.version}, was ${meta?.version}`];
    }),
  );
}

/** The program's own area in a root: the memory of the set of roots, and what undo keeps. */
const OWN_AREA = /(^|\/)\.litt-rollback(\/|$)/;
/** What the engine or its tools would take for theirs. */
const LOOKS_LIKE_THE_ENGINES = /\.litt-rollback\/segments$|litt\.lock$/;

const MAY_GO = /\/(segments|snapshot|keymap)(\/|$)|(^|\/)litt\.lock$|-bound\.txt$/;

/**
 * Nothing appears but the program's own area; only files of segments, keymaps, snapshots and locks disappear; what stays keeps mode and
 * owner, and a file whose bytes stay is not written at all.
 */
export function problemsOfTree(before: Tree, after: Tree, mayAlsoGo = /^$/): string[] {
  const problems = named(after, 'litt.lock').map((path) => `${path}: left behind`);
  for (const path of after.keys()) {
    if (before.has(path) || (OWN_AREA.test(path) && !LOOKS_LIKE_THE_ENGINES.test(path))) continue;
    problems.push(`${path}: appeared`);
  }
  for (const [path, was] of before) {
    const is = after.get(path);
    if (is === undefined) {
      if (!MAY_GO.test(path) && !mayAlsoGo.test(path)) problems.push(`${path}: disappeared`);
    } else problems.push(...problemsOfEntry(path, was, is));
  }
  for (const path of named(after, /\.swap$/).filter((p) => !OWN_AREA.test(p)))
    problems.push(`${path}: left behind`);
  return problems;
}

function problemsOfEntry(path: string, was: TreeEntry, is: TreeEntry): string[] {
  const problems: string[] = [];
  for (const field of ['kind', 'mode', 'uid', 'gid', 'target'] as const) {
    if (was[field] !== is[field]) problems.push(`${path}: ${field} was ${was[field]}, is ${is[field]}`);
  }
  if (was.kind === 'file' && was.sha256 === is.sha256 && (was.ino !== is.ino || was.mtime !== is.mtime)) {
    problems.push(`${path}: written although its bytes stay`);
  }
  // Undo keeps what leaves: where that is the smaller part, the file itself must be cut where it lies.
  const goes = (was.size ?? 0) - (is.size ?? 0);
  const isCut = /\.values$/.test(path) && goes > 0 && goes <= (is.size ?? 0);
  if (isCut && was.nlink === 1 && was.ino !== is.ino)
    problems.push(`${path}: copied instead of cut in place`);
  return problems;
}

/** The index goes whenever a file with records left or was cut, and stays when nothing of its table changed. */
export function problemsOfKeymap(name: string, before: Tree, after: Tree): string[] {
  const ofTable = (tree: Tree, part: RegExp): Map<string, TreeEntry> =>
    new Map([...tree].filter(([path]) => part.test(path) && !OWN_AREA.test(path)));
  const keymap = new RegExp(`(^|/)${name}/keymap(/|$)`);
  const data = new RegExp(`(^|/)${name}/segments/[^/]*[.](keys|values)$`);
  const was = ofTable(before, data);
  const is = ofTable(after, data);
  // A snapshot directory has links of the same names: their sizes tell nothing.
  const lost = [...was].some(
    ([path, { kind, size }]) => kind === 'file' && (is.get(path)?.size ?? -1) < (size ?? 0),
  );
  const left = ofTable(after, keymap);
  if (lost) return left.size > 0 ? [`${name}: keymap is still there: ${[...left.keys()][0]}`] : [];
  const segments = new RegExp(`(^|/)${name}/segments(/|$)`);
  if (treeDifferences(ofTable(before, segments), ofTable(after, segments)).length > 0) return [];
  return treeDifferences(ofTable(before, keymap), left);
}

function problemsOfSnapshots(
  unpacked: UnpackedCase,
  image: DatabaseImage,
  model: ReadonlyMap<string, ModelResult>,
): string[] {
  const { snapshotDir } = unpacked;
  if (snapshotDir === undefined) return [];
  return [...image.keys()].flatMap((name) =>
    problemsOfSnapshot(join(snapshotDir, name), image.get(name)!, model.get(name)!),
  );
}

/** Bounds are capped, and no link below the snapshot directory leads nowhere. */
export function problemsOfSnapshot(
  directory: string,
  table: { readonly segments: ReadonlyMap<number, unknown> },
  model: ModelResult,
): string[] {
  if (!existsSync(directory)) return [];
  const problems: string[] = [];
  const highest = Math.max(-1, ...table.segments.keys());
  const upper = readBound(join(directory, 'upper-bound.txt'));
  if (upper !== null && upper > highest) problems.push(`${directory}: upper bound ${upper} above ${highest}`);
  const lower = readBound(join(directory, 'lower-bound.txt'));
  const changedFrom = model.pivot === null ? highest + 1 : model.pivot.segment;
  if (lower !== null && model.removedRecords > 0 && lower > changedFrom) {
    problems.push(`${directory}: lower bound ${lower} hides segment ${changedFrom}`);
  }
  const segments = join(directory, 'segments');
  for (const file of existsSync(segments) ? readdirSync(segments) : []) {
    if (!existsSync(join(segments, file)))
      problems.push(`${relative(directory, segments)}/${file}: leads nowhere`);
    else if (!statSync(join(segments, file)).isFile()) problems.push(`${file}: leads to no file`);
  }
  return problems;
}

function readBound(path: string): number | null {
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim()) : null;
}
