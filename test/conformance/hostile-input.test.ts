/** Databases that something has damaged, and plans that something has outrun: typed refusals, nothing half done. */
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  applyPlan,
  type PlanOptions,
  planRollback,
  RollbackError,
  type RollbackPlan,
} from '../../lib/index.ts';
import { runs } from '../helpers/arbitraries.ts';
import { rejection } from '../helpers/refusals.ts';
import { type Scenario, scenario, stage } from '../helpers/scenario.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { expectUntouched, type Tree, treeOf } from '../helpers/tree.ts';

/** One thing that goes wrong with one file; numbers choose which and where. */
const harm = fc.record({
  file: fc.nat(100_000),
  kind: fc.constantFrom('flip', 'flip', 'flip', 'truncate', 'append', 'zero', 'remove'),
  at: fc.nat(100_000),
  bit: fc.nat(7),
  /** Prefer key files. */
  keys: fc.boolean(),
});

type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

/** Paths of files that make up the database, below its directory. */
function databaseFiles(before: Tree, keys: boolean): string[] {
  const wanted = keys
    ? /^root\d+\/.*\/segments\/\d+\.keys$/
    : /^root\d+\/.*\/(segments\/[^/]*|gc-watermark)$/;
  return [...before].filter(([path, e]) => e.kind === 'file' && wanted.test(path)).map(([path]) => path);
}

function inflict({ file, kind, at, bit, keys }: Harm, dir: string, before: Tree): string | null {
  const files = databaseFiles(before, keys);
  const name = files[file % Math.max(1, files.length)];
  if (name === undefined) return null;
  const path = join(dir, name);
  const bytes = readFileSync(path);
  const position = bytes.length === 0 ? 0 : at % bytes.length;
  if (kind === 'remove') rmSync(path);
  else if (kind === 'append') appendFileSync(path, Buffer.alloc(1 + (at % 40), bit));
  else if (bytes.length === 0) return null;
  else if (kind === 'truncate') truncateSync(path, position);
  else {
    if (kind === 'zero') bytes.fill(0, position);
    else bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
    writeFileSync(path, bytes);
  }
  return name;
}

/** A plan, or the typed refusal; a refusal has changed nothing. */
async function planOrRefusal(options: PlanOptions, dir: string): Promise<RollbackPlan | RollbackError> {
  const before = treeOf(dir);
  const result = await planRollback(options).catch((error: unknown) => error);
  expectUntouched(dir, before, 'planning is pure: the tree');
  if (!(result instanceof Error)) return result as RollbackPlan;
  if (!(result instanceof RollbackError)) throw result;
  expect(['refused', 'damaged'], result.message).to.include(result.kind);
  return result;
}

describe('a damaged database', function () {
  this.timeout(300_000);

  it('is refused with a type, or rolled back to the end and then in order', async () => {
    const drawn = fc.tuple(
      scenario,
      fc.array(harm, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
    );
    const property = fc.asyncProperty(drawn, async ([chosen, harms, acceptDamage, dropOrphans]) => {
      const { built, options, before } = stage(chosen);
      for (const one of harms) {
        // A removed file cannot be harmed again.
        try {
          inflict(one, built.dir, before);
        } catch (error) {
          expect((error as NodeJS.ErrnoException).code).to.equal('ENOENT');
        }
      }
      const all = { ...options, acceptDamage, dropOrphans };
      const plan = await planOrRefusal(all, built.dir);
      if (!(plan instanceof Error)) {
        await applyPlan(plan);
        const again = await planOrRefusal(all, built.dir);
        if (again instanceof Error) throw again;
        expect(again.tables.flatMap((table) => table.steps)).to.deep.equal([]);
      }
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(120));
  });
});

describe('a plan that something has outrun', function () {
  this.timeout(300_000);

  it('is refused, with the name of what changed, and nothing is touched', async () => {
    const property = fc.asyncProperty(scenario, harm, async (chosen: Scenario, change) => {
      const { built, options, before, refusal } = stage(chosen);
      if (refusal !== null) return;
      const plan = await planRollback(options);
      if (plan.tables.every((table) => table.steps.length === 0)) return;
      const name = inflict(change, built.dir, before);
      if (name === null) return;
      const changed = treeOf(built.dir);
      const error = await rejection(applyPlan(plan));
      expect(['refused', 'damaged'], error.message).to.include(error.kind);
      if (error.code === 'ERR_PLAN_STALE') expect(error.message).to.include(name.split('/').at(-1));
      expectUntouched(built.dir, changed);
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(60));
  });

  it('is refused after it was carried out', async () => {
    const property = fc.asyncProperty(scenario, async (chosen: Scenario) => {
      const { built, options, refusal } = stage(chosen);
      if (refusal !== null) return;
      const plan = await planRollback(options);
      await applyPlan(plan);
      const done = treeOf(built.dir);
      if (plan.tables.some((table) => table.steps.length > 0)) {
        expect((await rejection(applyPlan(plan))).code).to.equal('ERR_PLAN_STALE');
      }
      expectUntouched(built.dir, done);
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(40));
  });
});
