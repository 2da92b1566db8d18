/** What a rollback does with a database to which its user may not do everything: trials for the tests of rights. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Tree, treeDifferences, treeOf } from '../helpers/tree.ts';
import { type database, finish, lastJson } from './process.ts';

/** The node's user. */
export const NODE = 12_001;
/** What is rolled back to, in every trial. */
export const TARGET = ['--drop-last', '3'];
/** A command as the node's user. */
export const asUser = (groups = '--clear-groups'): { prefix: string[] } => ({
  prefix: ['setpriv', `--reuid=${NODE}`, `--regid=${NODE}`, groups],
});

/** A database to try on. */
export type Database = ReturnType<typeof database>;
/** Who runs a command. */
export type As = { prefix?: string[] };

/** Runs a script with arguments. */
export const sh = (script: string, ...words: string[]): string =>
  execFileSync('bash', ['-ec', script, 'bash', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Everything of a database that a rollback and its undo must leave as it is, times included. */
export function treeOfRoots({ dir }: Database): Tree {
  return new Map(
    [...treeOf(dir)].filter(([path]) => !/(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/.test(path)),
  );
}

/** An apply that is refused before the first change, with the file that is named. Returns what is said. */
export async function refuses(db: Database, named: string, as: As = {}): Promise<string> {
  const before = treeOf(db.dir);
  const { code, stderr } = await finish(['apply', '--json', '--yes', ...TARGET, ...db.src], as);
  expect(code, stderr).to.equal(3);
  const error = lastJson(stderr) as unknown as { code: string; place: { path: string }; next: string };
  expect([error.code, error.place.path], stderr).to.deep.equal(['ERR_PREFLIGHT', named]);
  expect(treeDifferences(before, treeOf(db.dir))).to.deep.equal([]);
  return stderr;
}

/**
 * An apply and an undo, after which everything is as it was.
 * @param withTimes false where cut files are another user's: their times may not be set
 * @param withInodes false where a file is kept by a copy
 */
export async function doesAndUndoes(
  db: Database,
  as: As = {},
  withTimes = true,
  withInodes = true,
): Promise<void> {
  const look = (): Tree => {
    const tree = withTimes ? treeOfRoots(db) : withoutTimes(treeOfRoots(db));
    return withInodes ? tree : new Map([...tree].map(([path, { ino: _, ...entry }]) => [path, entry]));
  };
  const before = look();
  for (const words of [['apply', '--yes', ...TARGET], ['verify'], ['undo']]) {
    const { code, stderr } = await finish([...words, ...db.src], as);
    expect(code, `${words[0]}: ${stderr}`).to.equal(0);
    if (words[0] === 'apply') expect(treeDifferences(before, look())).not.to.deep.equal([]);
  }
  expect(treeDifferences(before, look())).to.deep.equal([]);
}

function withoutTimes(tree: Tree): Tree {
  return new Map([...tree].map(([path, { mtime: _, ...entry }]) => [path, entry]));
}

/** A file of a segment, of the newest ones first. */
export const inSegments = (db: Database, pattern: RegExp, at = 0): string => {
  const dir = join(tableOf(db), 'segments');
  const names = readdirSync(dir)
    .filter((name) => pattern.test(name))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
  return join(dir, names.at(at) as string);
};

/** The directory of the only table. */
export const tableOf = (db: Database): string =>
  join(db.roots[0]!, readdirSync(db.roots[0]!).find((name) => !name.includes('.')) as string);
