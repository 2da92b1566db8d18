/** The databases in test/fixtures/engine, unpacked to a place of their own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeldTree } from './copies.ts';
import type { Listing } from './image.ts';
import { isAlive, removeTempDir, tempDir } from './temp.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/engine/', import.meta.url));

/** What a case.json holds; see the README beside the fixtures. */
export interface FixtureCase {
  readonly name: string;
  readonly what: string;
  readonly roots?: readonly string[];
  readonly home?: string;
  readonly databases?: readonly { readonly roots: readonly string[] }[];
  readonly target: {
    readonly schema?: string;
    readonly height?: number;
    readonly firstMatch: Readonly<Record<string, readonly string[]>>;
  };
  readonly expect: 'ok' | 'refuse';
  readonly refusal?: string;
  readonly flags?: readonly string[];
  readonly snapshotDir?: string;
  readonly after?: Listing;
  readonly engine?: Readonly<Record<string, EngineView>>;
}

/** What the engine served after the rollback. */
export interface EngineView {
  readonly keyCount: number;
  readonly iterated: number;
  readonly newest: string | null;
  readonly oldest: string | null;
  readonly sha256OfKeysNewestFirst: string;
}

/** A case unpacked to a temporary directory. */
export interface UnpackedCase {
  readonly fixture: FixtureCase;
  /** Holds `db` and `canary`. */
  readonly dir: string;
  /** One entry for each separate database, absolute paths. */
  readonly databases: readonly (readonly string[])[];
  readonly snapshotDir: string | undefined;
}

/** Every case, by name. */
export function fixtureCases(): FixtureCase[] {
  return readdirSync(FIXTURES)
    .filter((name) => statSync(join(FIXTURES, name)).isDirectory())
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FIXTURES, name, 'case.json'), 'utf8')) as FixtureCase);
}

/** Unpacks a case beside a canary that nothing may touch. */
export function unpack(fixture: FixtureCase): UnpackedCase {
  const dir = tempDir(`litt-${fixture.name}-`);
  archived(fixture.name).writeTo(dir);
  mkdirSync(join(dir, 'canary'));
  writeFileSync(join(dir, 'canary', '0.keys'), 'outside');
  const databases = (fixture.databases ?? [{ roots: fixture.roots ?? [] }]).map((d) =>
    d.roots.map((root) => join(dir, root)),
  );
  for (const root of databases.flat()) buryLockHolder(join(root, 'litt.lock'));
  const snapshotDir = fixture.snapshotDir === undefined ? undefined : join(dir, fixture.snapshotDir);
  return { fixture, dir, databases, snapshotDir };
}

const read = new Map<string, HeldTree>();

/** What the archive of a case holds: read once in a process. */
function archived(name: string): HeldTree {
  let held = read.get(name);
  if (held === undefined) {
    const dir = tempDir('litt-archived-');
    execFileSync('tar', ['-xzf', join(FIXTURES, name, 'before.tar.gz'), '-C', dir]);
    held = new HeldTree(dir);
    read.set(name, held);
    removeTempDir(dir);
  }
  return held;
}

/** A fixture's lock names a process of another machine: makes sure that it does not live here. */
export function buryLockHolder(lock: string): void {
  if (!existsSync(lock)) return;
  const text = readFileSync(lock, 'utf8');
  const pid = Number(/^PID: (\d+)$/m.exec(text)?.[1]);
  if (!isAlive(pid)) return;
  let dead = 999_999;
  while (isAlive(dead)) dead -= 1;
  writeFileSync(lock, text.replace(/^PID: \d+$/m, `PID: ${dead}`));
}

/** The target's keys as bytes, for a filter and for the library's `keys` target. */
export function targetKeys(fixture: FixtureCase): Record<string, Uint8Array[]> {
  return Object.fromEntries(
    Object.entries(fixture.target.firstMatch).map(([table, keys]) => [
      table,
      keys.map((key) => Buffer.from(key, 'hex')),
    ]),
  );
}

/** All proper, non-empty subsets of a list, in its order. */
export function properSubsets<T>(list: readonly T[]): T[][] {
  const subsets: T[][] = [];
  for (let mask = 1; mask < 2 ** list.length - 1; mask += 1) {
    subsets.push(list.filter((_, i) => (mask & (1 << i)) !== 0));
  }
  return subsets;
}
