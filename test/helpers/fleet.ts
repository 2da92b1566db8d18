/** Fleets of small nodes in memory, each a copy of a database that the engine wrote. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { run } from './command.ts';
import { HeldTree } from './copies.ts';
import { removeTempDir, tempDir } from './temp.ts';
import { databaseTree, unpackNamed } from './transactions.ts';
import { type Tree, treeDifferences } from './tree.ts';

/** The height to which the tests roll back. */
export const HEIGHT = '1027';

/** A fleet on disk. */
export interface TestFleet {
  readonly dir: string;
  /** The fleet file. */
  readonly file: string;
  /** The directory of its run. */
  readonly run: string;
  readonly names: readonly string[];
  /** The root of a node. */
  root(name: string): string;
  /** What a node holds that is not this program's. */
  tree(name: string): Tree;
  end(): void;
}

/** As many nodes, `n-01` and so on, each with one root. */
export function makeFleet(count: number): TestFleet {
  const dir = tempDir('litt-fleet-');
  const names = Array.from({ length: count }, (_, i) => `n-${String(i + 1).padStart(2, '0')}`);
  const source = unpackNamed('blocks');
  const held = new HeldTree(source.databases[0]?.[0] as string);
  for (const name of names) {
    mkdirSync(join(dir, name));
    held.writeTo(join(dir, name, 'root'));
  }
  removeTempDir(source.dir);
  const file = join(dir, 'fleet.yaml');
  writeFileSync(file, fleetText(names.map((name) => `{ name: ${name}, src: [${name}/root] }`)));
  return {
    dir,
    file,
    run: join(dir, 'fleet.run'),
    names,
    root: (name) => join(dir, name, 'root'),
    tree: (name) => databaseTree(join(dir, name)),
    end: () => removeTempDir(dir),
  };
}

const isLine = new Ajv2020({ strict: false }).compile(
  JSON.parse(readFileSync(new URL('../../schema/batch-event.schema.json', import.meta.url), 'utf8')),
);

/** The lines of a batch as data, each held to the published schema. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at fields of any kind of line
export function linesOf(stdout: string): any[] {
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  for (const line of lines)
    if (!isLine(line)) throw new Error(`${JSON.stringify(line)}: ${JSON.stringify(isLine.errors)}`);
  return lines;
}

/** The text of a fleet file with these nodes, a line each. */
export function fleetText(nodes: readonly string[], head = ''): string {
  return `version: 1\n${head}nodes:\n${nodes.map((node) => `  - ${node}\n`).join('')}`;
}

/** The state of a node after a single rollback to the height: what every node of a batch must be like. */
export async function rolledBack(): Promise<Tree> {
  const fleet = makeFleet(1);
  const [name] = fleet.names as [string];
  const { code, stderr } = await run(['apply', '--src', fleet.root(name), '--height', HEIGHT, '--yes']);
  if (code !== 0) throw new Error(stderr);
  const tree = fleet.tree(name);
  fleet.end();
  return tree;
}

/** Whether two nodes hold the same, but for the times at which their segments were sealed and cut. */
export function differencesOf(wanted: Tree, found: Tree): string[] {
  return treeDifferences(alike(wanted), alike(found));
}

/** Metadata of a cut segment has the time of its sealing in it. */
function alike(tree: Tree): Tree {
  return new Map(
    [...tree].map(([path, { ino: _, sha256, ...rest }]) => [
      path,
      path.endsWith('.metadata') || sha256 === undefined ? rest : { ...rest, sha256 },
    ]),
  );
}

/** Removes a file in the middle of the chain. @returns how to repair it */
export function damage(root: string): () => void {
  const path = join(root, 'blocks', 'segments', '2-0.values');
  const aside = `${root}-aside`;
  cpSync(path, aside, { preserveTimestamps: true });
  rmSync(path);
  return () => execFileSync('mv', [aside, path]);
}

/** Locks a root as this very process would. @returns how to free it */
export function lock(root: string): () => void {
  const path = join(root, 'litt.lock');
  writeFileSync(path, `PID: ${process.pid}\nLocked at: ${new Date().toISOString()}\n`);
  return () => rmSync(path);
}
