/** The databases in test/fixtures/log-index: homes with a log-index that the real store wrote. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { planRollback, type RollbackPlan } from '../../lib/index.ts';
import { buryLockHolder } from './fixtures.ts';
import { tempDir } from './temp.ts';
import { databaseTree } from './transactions.ts';
import { named, subtree, type Tree, treeDifferences, treeOf } from './tree.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/log-index/', import.meta.url));

/** What a case.json holds of the log-index. */
export interface LogIndexCase {
  readonly name: string;
  readonly what: string;
  readonly home: string;
  readonly logIndex: string;
  readonly databases: readonly { readonly roots: readonly string[] }[];
  readonly target: { readonly height: number };
  readonly expect: 'ok' | 'refuse';
  readonly refusal?: string;
  readonly logIndexBefore?: {
    readonly latestVersion: number;
    readonly earliestVersion: number;
    readonly nextSequence: number;
    readonly nextFile: number;
    readonly newestLogEnds: 'trailer' | 'bare' | 'invalid';
    readonly newestLogValidBytes: number;
    readonly liveLogs: readonly number[];
  };
  readonly logIndexChange?: {
    readonly file: string;
    readonly replacesFile: boolean;
    readonly bytes: number;
    readonly sha256: string;
    readonly keepsBytes?: number;
  } | null;
}

/** Every case, by name. */
export function logIndexCases(): LogIndexCase[] {
  return readdirSync(FIXTURES)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FIXTURES, name, 'case.json'), 'utf8')) as LogIndexCase);
}

/** A case of this name. */
export function logIndexCase(name: string): LogIndexCase {
  return logIndexCases().find((one) => one.name === name) as LogIndexCase;
}

/** Unpacks a case; its paths then lie below the directory that is returned. */
export function unpackLogIndex(one: LogIndexCase): string {
  const dir = tempDir(`litt-${one.name}-`);
  execFileSync('tar', ['-xzf', join(FIXTURES, one.name, 'before.tar.gz'), '-C', dir]);
  for (const root of one.databases.flatMap((d) => d.roots)) buryLockHolder(join(dir, root, 'litt.lock'));
  return dir;
}

/** What is wrong with a log-index after a rollback: every file but the one log is as it was. */
export function problemsOfLogIndex(one: LogIndexCase, before: Tree, after: Tree): string[] {
  const change = one.logIndexChange ?? null;
  const path = change === null ? null : `${one.logIndex}/${change.file}`;
  const others = (tree: Tree): Tree =>
    new Map([...subtree(tree, one.logIndex)].filter(([name]) => name !== path));
  const problems = treeDifferences(others(before), others(after));
  const log = path === null ? undefined : after.get(path);
  if (change !== null && (log?.size !== change.bytes || log.sha256 !== change.sha256))
    problems.push(`${path} has ${log?.size} bytes, ${log?.sha256}`);
  return problems;
}

/** A copy of a case with its plan, for roots and a log-index that are named. */
export class LogIndexCopy {
  readonly dir = tempDir('litt-log-index-');
  readonly one;
  readonly roots: string[];
  readonly logIndex: string;
  readonly before: Tree;
  readonly data: Tree;

  constructor(name: string, unpackedDir: string) {
    this.one = logIndexCase(name);
    execFileSync('cp', ['-a', `${unpackedDir}/.`, this.dir]);
    this.roots = this.one.databases.flatMap((d) => d.roots.map((root) => join(this.dir, root)));
    for (const root of this.roots) rmSync(join(root, 'litt.lock'), { force: true });
    this.logIndex = join(this.dir, this.one.logIndex);
    this.before = treeOf(this.dir);
    this.data = databaseTree(this.dir);
  }

  /** Plans the case's target; the log-index is named. */
  plan(options: { logIndex?: string } = {}): Promise<RollbackPlan> {
    const target = { kind: 'height', height: BigInt(this.one.target.height) } as const;
    return planRollback({ roots: this.roots, target, logIndex: this.logIndex, ...options });
  }

  /** `before` or `after`; else what is wrong. Copies have other inodes and times. */
  state(after: Tree): string {
    const tree = databaseTree(this.dir);
    const left = named(treeOf(this.dir), /^(UNFINISHED.*|\.litt-rollback\..*\.tmp|.*litt-rollback-tmp)$/);
    if (left.length > 0) return `left: ${left.join()}`;
    if (treeDifferences(comparable(this.data), comparable(tree)).length === 0) return 'before';
    return treeDifferences(comparable(after), comparable(tree)).join('; ') || 'after';
  }
}

/** Without inodes and links, and without the times in metadata. */
function comparable(tree: Tree): Tree {
  const entries = [...tree].map(([path, entry]) => {
    const { ino: _ino, nlink: _links, sha256, ...rest } = entry;
    return [path, path.endsWith('.metadata') || sha256 === undefined ? rest : { ...rest, sha256 }] as const;
  });
  return new Map(entries);
}
