/** Every database that the real engine wrote, through the built command. */
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, type CommandResult } from '../helpers/command.ts';
import { type FixtureCase, fixtureCases } from '../helpers/fixtures.ts';
import { readImage } from '../helpers/image.ts';
import { modelOf, problemsOfResult } from '../helpers/outcome.ts';
import { REFUSALS } from '../helpers/refusals.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { WarmCommand } from '../helpers/warm-command.ts';
import { argumentsFor, expectRefusal, withCase } from './through-command.ts';

const command = WarmCommand.forSuite();
const cases = fixtureCases();
const succeeding = cases.filter((fixture) => fixture.expect === 'ok');
const refused = cases.filter((fixture) => fixture.expect === 'refuse');

/** Whether a table of the database has no entry in the target, so that the default policy would refuse. */
function needsKeep(fixture: FixtureCase, roots: readonly string[]): boolean {
  return [...readImage(roots).keys()].some((name) => fixture.target.firstMatch[name] === undefined);
}

async function runExpecting(code: number, args: readonly string[]): Promise<CommandResult> {
  const result = await command.run(args);
  expect(result.code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`).to.equal(code);
  return result;
}

before(function () {
  this.timeout(120_000);
  buildOnce();
});

describe('engine fixtures through the command', () => {
  for (const fixture of succeeding) {
    it(`${fixture.name}: plan, apply, and nothing to do`, () =>
      withCase(fixture, async (unpacked, before) => {
        const model = modelOf(unpacked);
        for (const roots of unpacked.databases) {
          const untouched = treeOf(unpacked.dir);
          const args = argumentsFor(unpacked, roots, needsKeep(fixture, roots));
          const { stdout } = await runExpecting(0, ['plan', ...args]);
          expectUntouched(unpacked.dir, untouched, 'planning is pure: the tree');
          const unconfirmed = await command.run(['apply', ...args]);
          if (/nothing to do/i.test(stdout)) expect(unconfirmed.code).to.equal(0);
          else expectRefusal(unconfirmed, [3]);
          expectUntouched(unpacked.dir, untouched, 'apply without --yes: the tree');
          await runExpecting(0, ['apply', ...args, '--yes']);
        }
        expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
        const done = treeOf(unpacked.dir);
        for (const roots of unpacked.databases) {
          const args = argumentsFor(unpacked, roots, needsKeep(fixture, roots));
          await runExpecting(0, ['plan', ...args, '--detailed-exitcode']);
          const again = await runExpecting(0, ['apply', ...args, '--yes']);
          expect(again.stdout).to.match(/nothing to do/i);
        }
        expectUntouched(unpacked.dir, done, 'a second run finds nothing to do: the tree');
      }));

    it(`${fixture.name}: a saved plan, applied later`, () =>
      withCase(fixture, async (unpacked, before) => {
        const model = modelOf(unpacked);
        const saved = tempDir('litt-plans-');
        for (const [i, roots] of unpacked.databases.entries()) {
          const untouched = treeOf(unpacked.dir);
          const plan = join(saved, `plan-${i}.json`);
          await runExpecting(0, ['plan', ...argumentsFor(unpacked, roots, true), '--out', plan, '--json']);
          expectUntouched(unpacked.dir, untouched, 'planning is pure: the tree');
          await runExpecting(0, ['apply', plan, '--yes', '--json']);
        }
        expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
        removeTempDir(saved);
      }));
  }

  for (const fixture of refused) {
    it(`${fixture.name} is refused: ${fixture.refusal}`, () =>
      withCase(fixture, async (unpacked, before) => {
        for (const roots of unpacked.databases) {
          const args = argumentsFor(unpacked, roots, true);
          for (const words of [['plan'], ['apply', '--yes']]) {
            const result = await command.run([...words, ...args]);
            expectRefusal(result, [3, 4]);
            const text = result.stdout + result.stderr;
            expect(
              (REFUSALS[fixture.name] ?? []).some((code) => text.includes(code)),
              text,
            ).to.equal(true);
            expectUntouched(unpacked.dir, before);
          }
        }
      }));
  }

  for (const fixture of succeeding.filter((f) => f.flags !== undefined || f.snapshotDir !== undefined)) {
    it(`${fixture.name} is refused without its options`, () =>
      withCase(fixture, async (unpacked, before) => {
        const bare = { ...unpacked, snapshotDir: undefined, fixture: withoutFlags(fixture) };
        for (const words of [['plan'], ['apply', '--yes']]) {
          const result = await command.run([...words, ...argumentsFor(bare, unpacked.databases[0]!, false)]);
          expectRefusal(result, [3, 4]);
          expectUntouched(unpacked.dir, before);
        }
      }));
  }

  for (const fixture of succeeding.filter((f) => unmatchedTables(f).length > 0)) {
    it(`${fixture.name} is refused by default: nothing matches in ${unmatchedTables(fixture).join(', ')}`, () =>
      withCase(fixture, async (unpacked, before) => {
        const result = await command.run([
          'apply',
          '--yes',
          ...argumentsFor(unpacked, unpacked.databases[0]!, false),
        ]);
        expectRefusal(result, [3]);
        expectUntouched(unpacked.dir, before);
      }));
  }

  it(`covers all ${cases.length} cases`, () => {
    expect([succeeding.length, refused.length]).to.deep.equal([27, 9]);
  });
});

function withoutFlags(fixture: FixtureCase): FixtureCase {
  const { flags: _flags, ...rest } = fixture;
  return rest;
}

/** Tables of the result that the target does not name. */
function unmatchedTables(fixture: FixtureCase): string[] {
  return Object.keys(fixture.after ?? {}).filter((name) => fixture.target.firstMatch[name] === undefined);
}
