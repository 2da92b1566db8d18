/** Databases that the engine wrote, unpacked once and copied for every run. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Tree, treeOf } from '../../helpers/tree.ts';
import { tool } from './process.ts';
import { dataOf, differences, ownOf } from './tree-parts.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/engine/', import.meta.url));

interface FixtureFile {
  readonly roots: readonly string[];
  readonly snapshotDir?: string;
  readonly flags?: readonly string[];
  readonly target: { readonly firstMatch: Readonly<Record<string, readonly string[]>> };
}

/** Which of the two good states a database is in. */
export type DataState = 'before' | 'after' | 'mixed';

/** A database to be rolled back, and what it looks like before and afterwards. */
export class SweepCase {
  /** Looks of the database before and after an uncrashed apply; set by learn(). */
  private before: Tree = new Map();
  private after: Tree = new Map();
  private allowed: ReadonlySet<string> = new Set();

  private constructor(
    readonly name: string,
    /** Holds one directory for each template; `before` is the database as the engine left it. */
    readonly dir: string,
    private readonly fixture: FixtureFile,
    private readonly command: string,
  ) {}

  /** Unpacks a fixture below a directory, beside a canary. */
  static async unpack(name: string, below: string, command: string): Promise<SweepCase> {
    const file = join(FIXTURES, name, 'case.json');
    if (!existsSync(file)) throw new Error(`there is no fixture ${name}`);
    const fixture = JSON.parse(readFileSync(file, 'utf8')) as FixtureFile;
    const dir = join(below, name);
    const before = join(dir, 'before');
    mkdirSync(join(before, 'canary'), { recursive: true });
    await tool('tar', '-xzf', join(FIXTURES, name, 'before.tar.gz'), '-C', before);
    writeFileSync(join(before, 'canary', '0.keys'), 'outside');
    writeFileSync(join(dir, 'keys.json'), JSON.stringify(fixture.target.firstMatch));
    const made = new SweepCase(name, dir, fixture, command);
    made.before = treeOf(before, { timeless: true });
    return made;
  }

  /** Remembers what an uncrashed apply has left. */
  learn(at: string): void {
    this.after = treeOf(at, { timeless: true });
  }

  /** Path of a template: a state from which runs begin. */
  template(name: string): string {
    return join(this.dir, name);
  }

  /** Roots of the database in a copy. */
  roots(at: string): string[] {
    return this.fixture.roots.map((root) => join(at, root));
  }

  /** Directories of a copy in which the engine takes a lock. */
  lockedDirs(at: string): string[] {
    const { snapshotDir } = this.fixture;
    return snapshotDir === undefined ? this.roots(at) : [...this.roots(at), join(at, snapshotDir)];
  }

  /** Segments directories of every planned table in a copy. */
  segmentsByTable(at: string): [table: string, dirs: string[]][] {
    return Object.keys(this.fixture.target.firstMatch).map((table) => {
      const dirs = this.roots(at).map((root) => join(root, table, 'segments'));
      return [table, dirs.filter((dir) => existsSync(dir))];
    });
  }

  /** Entries that a start of the engine has added to a rolled back database. */
  allowAfterwards(paths: ReadonlySet<string>): void {
    this.allowed = paths;
  }

  /** The words of a command on a copy. */
  words(command: string, at: string, ...more: string[]): string[] {
    const source = this.roots(at).flatMap((root) => ['--src', root]);
    const { snapshotDir, flags } = this.fixture;
    const snapshots = snapshotDir === undefined ? [] : ['--snapshot-dir', join(at, snapshotDir)];
    const target = ['--keys-file', join(this.dir, 'keys.json'), ...snapshots, ...(flags ?? [])];
    const plans = command === 'apply' || command === 'plan';
    const rest = plans ? target : command === 'status' ? [] : snapshots;
    const yes = command === 'apply' || command === 'purge' ? ['--yes'] : [];
    return [process.execPath, this.command, command, ...source, ...rest, ...yes, ...more];
  }

  /** The words that carry out a saved plan. */
  savedWords(plan: string): string[] {
    return [process.execPath, this.command, 'apply', plan, '--yes'];
  }

  /** Which state the node's part of a tree is in. */
  dataState(tree: Tree): DataState {
    if (this.dataProblems(tree, 'before').length === 0) return 'before';
    return this.dataProblems(tree, 'after').length === 0 ? 'after' : 'mixed';
  }

  /** How the node's part of a tree differs from a good state. */
  dataProblems(tree: Tree, state: 'before' | 'after'): string[] {
    const data = dataOf(tree);
    if (state === 'before') return differences(dataOf(this.before), data);
    for (const path of this.allowed) if (!this.after.has(path)) data.delete(path);
    return differences(dataOf(this.after), data, { timeless: this.isSealed, ignoreLinks: !hasArea(tree) });
  }

  /** How our own part of a tree differs from what an uncrashed apply leaves. */
  ownProblems(tree: Tree): string[] {
    return differences(ownOf(this.after), ownOf(tree));
  }

  /** Metadata that the rollback rewrites. */
  private readonly isSealed = (path: string): boolean => {
    const [was, is] = [this.before.get(path), this.after.get(path)];
    return path.endsWith('.metadata') && is !== undefined && was?.sha256 !== is.sha256;
  };
}

/** Whether anything is kept for undo; without it, files that were exchanged have lost a link. */
function hasArea(tree: Tree): boolean {
  return [...tree.keys()].some((path) => path.endsWith('/kept'));
}

/** Copies a directory as it is: links, owners, times. */
export async function copyTree(from: string, to: string): Promise<void> {
  await tool('rm', '-rf', to);
  await tool('cp', '-a', from, to);
}
