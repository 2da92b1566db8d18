/** Databases of several roots, when the command is not given all. */
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { fixtureCases, properSubsets } from '../helpers/fixtures.ts';
import { expectUntouched } from '../helpers/tree.ts';
import { WarmCommand } from '../helpers/warm-command.ts';
import { argumentsFor, expectRefusal, withCase } from './through-command.ts';

const command = WarmCommand.forSuite();
const cases = fixtureCases();

before(function () {
  this.timeout(120_000);
  buildOnce();
});

describe('roots that were forgotten, through the command', () => {
  const several = cases.filter((f) => (f.roots ?? []).length > 1);
  for (const fixture of several) {
    const count = properSubsets(fixture.roots ?? []).length;
    it(`${fixture.name}: all ${count} proper subsets of its roots are refused`, () =>
      withCase(fixture, async (unpacked, before) => {
        for (const roots of properSubsets(unpacked.databases[0]!)) {
          const result = await command.run(['apply', '--yes', ...argumentsFor(unpacked, roots, false)]);
          expectRefusal(result, [3, 4]);
        }
        expectUntouched(unpacked.dir, before);
      }));
  }
  it('covers every fixture with several roots', () => {
    expect(several.length).to.equal(10);
    expect(several.flatMap((f) => properSubsets(f.roots ?? [])).length).to.equal(96);
  });
});
