/** The library's public API with the names that tests use, and how a fixture's options look to it. */
import type { Target } from '../../lib/index.ts';
import { type FixtureCase, targetKeys, type UnpackedCase } from './fixtures.ts';
import { readImage } from './image.ts';

/** Options that a fixture's `flags` stand for. */
export function optionsOfFlags(fixture: FixtureCase): { dropOrphans?: boolean } {
  const options: { dropOrphans?: boolean } = {};
  for (const flag of fixture.flags ?? []) {
    if (flag !== '--drop-orphans') throw new Error(`a flag that no test knows: ${flag}`);
    options.dropOrphans = true;
  }
  return options;
}

/** A fixture's target for one of its databases: only keys of tables that this database has. */
export function keysTarget(unpacked: UnpackedCase, roots: readonly string[]): Target & { kind: 'keys' } {
  const keys = targetKeys(unpacked.fixture);
  if (unpacked.fixture.expect === 'refuse' || unpacked.databases.length === 1) return { kind: 'keys', keys };
  const tables = new Set(readImage(roots).keys());
  return {
    kind: 'keys',
    keys: Object.fromEntries(Object.entries(keys).filter(([name]) => tables.has(name))),
  };
}
