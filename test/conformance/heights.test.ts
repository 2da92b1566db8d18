/** The databases that the engine wrote with known keys, rolled back by height instead of by key. */
import { expect } from 'chai';
import { applyPlan, openDatabase, planRollback } from '../../lib/index.ts';
import { buildOnce, run } from '../helpers/command.ts';
import { type FixtureCase, fixtureCases, unpack } from '../helpers/fixtures.ts';
import { modelOf, problemsOfResult } from '../helpers/outcome.ts';
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
