/** Every database that the real engine wrote, through the library. */
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, type PlanOptions, planRollback, rollbackLittDB } from '../../lib/index.ts';
import { keysTarget, optionsOfFlags } from '../helpers/api.ts';
import {
  type FixtureCase,
  fixtureCases,
  properSubsets,
  type UnpackedCase,
  unpack,
} from '../helpers/fixtures.ts';
import { linkTree } from '../helpers/links.ts';
import { fixtureMatcher, modelOf, problemsOfResult } from '../helpers/outcome.ts';
import { REFUSALS, rejection } from '../helpers/refusals.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { expectUntouched, type Tree, treeOf } from '../helpers/tree.ts';

const cases = fixtureCases();
const succeeding = cases.filter((fixture) => fixture.expect === 'ok');
const refused = cases.filter((fixture) => fixture.expect === 'refuse');

function optionsFor(unpacked: UnpackedCase, roots: readonly string[]): PlanOptions {
  return {
    roots: [...roots],
    target: keysTarget(unpacked, roots),
    onNoMatch: 'keep',
    ...optionsOfFlags(unpacked.fixture),
    ...(unpacked.snapshotDir === undefined ? {} : { snapshotDir: unpacked.snapshotDir }),
  };
}

/** Unpacks the case, does something with it, and removes it unless that failed. */
async function withCase(fixture: FixtureCase, use: (unpacked: UnpackedCase, before: Tree) => Promise<void>) {
  const unpacked = unpack(fixture);
  await use(unpacked, treeOf(unpacked.dir));
  removeTempDir(unpacked.dir);
}

async function planApplyAndPlanAgain(unpacked: UnpackedCase): Promise<void> {
  for (const roots of unpacked.databases) {
    const before = treeOf(unpacked.dir);
    const plan = await planRollback(optionsFor(unpacked, roots));
    expectUntouched(unpacked.dir, before, 'planning is pure: the tree');
    await applyPlan(plan);
  }
}

async function expectNothingToDo(unpacked: UnpackedCase): Promise<void> {
  const before = treeOf(unpacked.dir);
  for (const roots of unpacked.databases) {
    const plan = await planRollback(optionsFor(unpacked, roots));
    expect(
      plan.tables.flatMap((table) => table.steps),
      'steps of a second plan',
    ).to.deep.equal([]);
    await applyPlan(plan);
  }
  expectUntouched(unpacked.dir, before, 'a second run finds nothing to do: the tree');
}

describe('engine fixtures through the library', () => {
  for (const fixture of succeeding) {
    it(`${fixture.name}: ${fixture.what}`, () =>
      withCase(fixture, async (unpacked, before) => {
        const model = modelOf(unpacked);
        await planApplyAndPlanAgain(unpacked);
        expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
        await expectNothingToDo(unpacked);
      }));
  }

  for (const fixture of succeeding) {
    it(`${fixture.name}, with a hard-linked backup, which keeps every byte`, () =>
      withCase(fixture, async (unpacked) => {
        const backup = tempDir('litt-backup-');
        linkTree(join(unpacked.dir, 'db'), join(backup, 'db'));
        const contents = contentsOf(join(backup, 'db'));
        const before = treeOf(unpacked.dir);
        const model = modelOf(unpacked);
        await planApplyAndPlanAgain(unpacked);
        expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
        expect(contentsOf(join(backup, 'db'))).to.deep.equal(contents);
        removeTempDir(backup);
      }));
  }

  for (const fixture of refused) {
    it(`${fixture.name} is refused: ${fixture.refusal}`, () =>
      withCase(fixture, async (unpacked, before) => {
        for (const roots of unpacked.databases) {
          const error = await rejection(planRollback(optionsFor(unpacked, roots)));
          expect(error.code).to.be.oneOf([...(REFUSALS[fixture.name] ?? [])]);
        }
        expectUntouched(unpacked.dir, before);
      }));
  }

  it(`covers all ${cases.length} cases`, () => {
    expect([succeeding.length, refused.length]).to.deep.equal([27, 9]);
    expect(Object.keys(REFUSALS).sort()).to.deep.equal(refused.map((fixture) => fixture.name));
  });
});

describe('rollbackLittDB on the engine fixtures', () => {
  for (const fixture of succeeding.filter((f) => f.snapshotDir === undefined)) {
    const orphans = fixture.flags !== undefined;
    it(`${fixture.name}${orphans ? ' is refused: orphans with data' : ''}`, () =>
      withCase(fixture, async (unpacked, before) => {
        const model = modelOf(unpacked);
        const matches = fixtureMatcher(fixture);
        for (const roots of unpacked.databases) {
          const outcome = rollbackLittDB([...roots], matches);
          if (!orphans) await outcome;
          else expect((await rejection(outcome)).code).to.equal('ERR_ORPHAN_WITH_DATA');
        }
        if (orphans) expectUntouched(unpacked.dir, before);
        else expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
      }));
  }

  for (const fixture of succeeding.filter((f) => f.snapshotDir !== undefined)) {
    it(`${fixture.name} is refused: the snapshot directory was not given`, () =>
      withCase(fixture, async (unpacked, before) => {
        const error = await rejection(rollbackLittDB([...unpacked.databases[0]!], fixtureMatcher(fixture)));
        expect(error.code).to.equal('ERR_SNAPSHOT_DIR_NEEDED');
        expectUntouched(unpacked.dir, before);
      }));
  }
});

describe('roots that were forgotten, through the library', () => {
  for (const fixture of cases.filter((f) => (f.roots ?? []).length > 1)) {
    const subsets = properSubsets(fixture.roots ?? []);
    it(`${fixture.name}: all ${subsets.length} proper subsets of its roots are refused`, () =>
      withCase(fixture, async (unpacked, before) => {
        for (const roots of properSubsets(unpacked.databases[0]!)) {
          // With the policy `keep` a target that nothing matches refuses nothing: only the roots can.
          const planned = planRollback(optionsFor(unpacked, roots));
          await rejection(planned, `accepted ${roots.length} of the roots: ${roots.join(' ')}`);
          expectUntouched(unpacked.dir, before);
        }
      }));
  }
});

/** What every file of a tree holds; links, counts and times do not matter. */
function contentsOf(top: string): [string, string | undefined][] {
  return [...treeOf(top)].map(([path, entry]) => [path, entry.sha256 ?? entry.target]);
}
