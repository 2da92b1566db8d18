/** What tests that give the engine's databases to the built command have in common. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { keysTarget } from '../helpers/api.ts';
import type { CommandResult } from '../helpers/command.ts';
import { type FixtureCase, type UnpackedCase, unpack } from '../helpers/fixtures.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { type Tree, treeOf } from '../helpers/tree.ts';

/** SOURCE, TARGET and SCOPE of a case, with nothing that the case does not need. */
export function argumentsFor(unpacked: UnpackedCase, roots: readonly string[], keep: boolean): string[] {
  const keys = keysTarget(unpacked, roots).keys;
  const hex = Object.fromEntries(
    Object.entries(keys).map(([table, list]) => [table, list.map((key) => Buffer.from(key).toString('hex'))]),
  );
  const file = join(tempDir('litt-keys-'), 'keys.json');
  writeFileSync(file, JSON.stringify(hex));
  return [
    ...roots.flatMap((root) => ['--src', root]),
    ...['--keys-file', file],
    ...(keep ? ['--on-no-match', 'keep'] : []),
    ...(unpacked.fixture.flags ?? []),
    ...(unpacked.snapshotDir === undefined ? [] : ['--snapshot-dir', unpacked.snapshotDir]),
  ];
}

/** Unpacks the case, does something with it, and removes it unless that failed. */
export async function withCase(
  fixture: FixtureCase,
  use: (unpacked: UnpackedCase, before: Tree) => Promise<void>,
) {
  const unpacked = unpack(fixture);
  await use(unpacked, treeOf(unpacked.dir));
  removeTempDir(unpacked.dir);
}

/** Expects a refusal with one of these exit codes and a reason. */
export function expectRefusal(result: CommandResult, codes: readonly number[]): void {
  expect(result.code, result.stdout + result.stderr).to.be.oneOf([...codes]);
  expect(result.stderr, 'a refusal says why, on stderr').to.match(/\S/);
}
