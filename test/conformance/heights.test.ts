/** The databases that the engine wrote with known keys, rolled back by height instead of by key. */
import { expect } from 'chai';
import { formatCount } from '../../lib/format/grouped.ts';
import { applyPlan, openDatabase, planRollback } from '../../lib/index.ts';
import { buildOnce, run } from '../helpers/command.ts';
import { compareToListing } from '../helpers/compare.ts';
import { type FixtureCase, fixtureCases, unpack } from '../helpers/fixtures.ts';
import { listing, readImage, servedNewestFirst } from '../helpers/image.ts';
import { decidingHeights, matcherForHeight, rollback } from '../helpers/model.ts';
import { leniencyOf, modelOf, problemsOfResult } from '../helpers/outcome.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const withHeight = fixtureCases().filter((f) => f.target.height !== undefined);

/** Where old heights were appended after newer ones, the fixture shows the plain rule. */
const policyOf = (fixture: FixtureCase): 'keep' | 'refuse' =>
  fixture.name === 'receipts-stragglers' ? 'keep' : 'refuse';

before(function () {
  this.timeout(120_000);
  buildOnce();
});

describe('engine fixtures, by height', () => {
  for (const fixture of withHeight) {
    const height = fixture.target.height!;
    it(`${fixture.name}: height ${height}, through the library`, async () => {
      const unpacked = unpack(fixture);
      const before = treeOf(unpacked.dir);
      const model = modelOf(unpacked);
      for (const roots of unpacked.databases) {
        const target = { kind: 'height', height: BigInt(height) } as const;
        const plan = await planRollback({ roots, target, stragglers: policyOf(fixture) });
        const words = plan.tables.map((t) => t.heights?.target);
        expect(words).to.deep.equal(plan.tables.map(() => String(height)));
        await applyPlan(plan);
      }
      expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
      removeTempDir(unpacked.dir);
    });

    it(`${fixture.name}: height ${height}, through the command`, async () => {
      const unpacked = unpack(fixture);
      const before = treeOf(unpacked.dir);
      const model = modelOf(unpacked);
      for (const roots of unpacked.databases) {
        const args = [...roots.flatMap((root) => ['--src', root]), '--height', String(height)];
        const policy = policyOf(fixture) === 'keep' ? ['--stragglers', 'keep'] : [];
        const { code, stderr } = await run(['apply', ...args, ...policy, '--yes']);
        expect(code, stderr).to.equal(0);
      }
      expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
      removeTempDir(unpacked.dir);
    });
  }

  for (const fixture of withHeight) {
    it(`${fixture.name}: exactly the newest height removes nothing, whatever was written after it`, async () => {
      const unpacked = unpack(fixture);
      for (const roots of unpacked.databases) await expectNothingRemoved(roots, unpacked.dir);
      removeTempDir(unpacked.dir);
    });
  }

  it('the block store has app data behind its newest block', () => {
    const unpacked = unpack(withHeight.find((f) => f.name === 'blocks')!);
    const table = readImage(unpacked.databases[0]!).get('blocks')!;
    expect(heightOf(servedNewestFirst(table)[0]!.key, true)).to.equal(null);
    removeTempDir(unpacked.dir);
  });

  it('receipts-stragglers is refused by default, and may drop the mixed part', async () => {
    const unpacked = unpack(withHeight.find((f) => f.name === 'receipts-stragglers')!);
    const before = treeOf(unpacked.dir);
    const args = ['--src', unpacked.databases[0]![0]!, '--height', '5040'];
    const refused = await run(['apply', ...args, '--yes']);
    expect(refused.code).to.equal(3);
    expect(refused.stderr).to.contain('ERR_STRAGGLERS').and.to.contain('--stragglers drop');
    expectUntouched(unpacked.dir, before);
    const dropped = await run(['apply', ...args, '--stragglers', 'drop', '--yes']);
    expect(dropped.code, dropped.stderr).to.equal(0);
    const reader = await openDatabase(unpacked.databases[0]!);
    let highest = 0n;
    for await (const { key, isPrimary } of reader.records('receipts')) {
      const height = isPrimary ? key.readBigUInt64BE(0) : 0n;
      if (height > highest) highest = height;
    }
    expect(highest).to.equal(5040n);
    removeTempDir(unpacked.dir);
  });

  it('covers every case that has a height', () => {
    expect(withHeight.map((f) => f.name)).to.deep.equal([
      'blocks',
      'node-home',
      'receipts',
      'receipts-missing-height',
      'receipts-stragglers',
    ]);
  });
});

/** What the keys of the two known tables say of the height that ends with them. */
function heightOf(key: Buffer, isPrimary: boolean): bigint | null {
  if (!isPrimary) return null;
  if (key.length === 12) return key.readBigUInt64BE(0);
  return key.toString('latin1', 0, 1) === 'b' ? key.readBigUInt64BE(1) : null;
}

/** Plans and applies the newest height of a database: as the model has it, and no record goes. */
async function expectNothingRemoved(roots: readonly string[], dir: string): Promise<void> {
  const before = readImage(roots);
  const untouched = treeOf(dir);
  const newest = [...before.values()]
    .flatMap((table) => decidingHeights(table, heightOf))
    .sort((a, b) => Number(a - b))
    .at(-1)!;
  const model = new Map(
    [...before].map(([name, table]) => {
      return [name, rollback(table, matcherForHeight(table, heightOf, newest), 'keep')] as const;
    }),
  );
  expect([...model.values()].map((m) => m.removedRecords)).to.deep.equal([...model].map(() => 0));
  const args = [...roots.flatMap((root) => ['--src', root]), '--height', String(newest)];
  const plan = await planRollback({ roots, target: { kind: 'height', height: newest } });
  expect(plan.tables.map((t) => t.removed.records)).to.deep.equal(plan.tables.map(() => 0));
  const isIdle = plan.tables.every((t) => t.steps.length === 0);
  const { code, stdout, stderr } = await run(['plan', ...args, '--detailed-exitcode']);
  expect(code, stderr).to.equal(isIdle ? 0 : 10);
  if (isIdle)
    expect(stdout)
      .to.contain(`nothing is above height ${formatCount(newest)}`)
      .and.to.contain('Nothing to do. Newest record of');
  await applyPlan(plan);
  if (isIdle) expectUntouched(dir, untouched);
  const after = new Map([...model].map(([name, result]) => [name, result.after]));
  expect(compareToListing(listing(readImage(roots)), listing(after), leniencyOf(model))).to.deep.equal([]);
}
