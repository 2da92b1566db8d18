/** Every home with a log-index that the real store wrote, through the built command. */
import { join } from 'node:path';
import { expect } from 'chai';
import type { VerifyReport } from '../../lib/index.ts';
import { buildOnce, type CommandResult, run } from '../helpers/command.ts';
import {
  type LogIndexCase,
  logIndexCase,
  logIndexCases,
  problemsOfLogIndex,
  unpackLogIndex,
} from '../helpers/log-index.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { expectUntouched, subtree, treeDifferences, treeOf } from '../helpers/tree.ts';

async function runExpecting(code: number, args: readonly string[]): Promise<CommandResult> {
  const result = await run(args);
  expect(result.code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`).to.equal(code);
  return result;
}

/** What the plan says of the log-index. */
function lineOf({ logIndexBefore: before, target }: LogIndexCase): string {
  const floor = before !== undefined && before.earliestVersion > target.height + 1;
  const oldest = floor ? `, oldest ${before.earliestVersion} → ${target.height + 1}` : '';
  return `log-index: newest ${before?.latestVersion} → ${target.height}${oldest}`;
}

before(function () {
  this.timeout(120_000);
  buildOnce();
});

describe('engine fixtures with a log-index, through the command', () => {
  const cases = logIndexCases();

  for (const one of cases.filter((c) => c.expect === 'ok')) {
    it(`${one.name}: plan, apply, and undo of the home`, async () => {
      const dir = unpackLogIndex(one);
      const [before, data] = [treeOf(dir), databaseTree(dir)];
      const source = ['--home', join(dir, one.home)];
      const target = ['--height', `${one.target.height}`];
      const { stdout } = await runExpecting(0, ['plan', ...source, ...target]);
      expect(stdout.split('\n')).to.include(lineOf(one));
      expectUntouched(dir, before, 'planning is pure: the tree');
      const applied = await runExpecting(0, ['apply', ...source, ...target, '--yes']);
      expect(applied.stdout).to.match(new RegExp(`^ *log-index +newest .* → ${one.target.height}`, 'm'));
      expect(problemsOfLogIndex(one, before, treeOf(dir))).to.deep.equal([]);
      const again = await runExpecting(0, ['apply', ...source, ...target, '--yes']);
      expect(again.stdout).to.contain(`log-index: nothing to do, newest ${one.target.height}`);
      await runExpecting(0, ['undo', ...source]);
      expect(treeDifferences(data, databaseTree(dir))).to.deep.equal([]);
      expect(
        treeDifferences(subtree(before, one.logIndex), subtree(treeOf(dir), one.logIndex)),
      ).to.deep.equal([]);
      removeTempDir(dir);
    });
  }

  it('a damaged one is refused, and can be left alone', async () => {
    const one = logIndexCase('logidx-damaged');
    const dir = unpackLogIndex(one);
    const before = treeOf(dir);
    const args = ['--home', join(dir, one.home), '--height', `${one.target.height}`];
    const refused = await runExpecting(3, ['apply', ...args, '--yes']);
    expect(refused.stderr)
      .to.contain('ERR_LOG_INDEX')
      .and.to.contain('000002.log')
      .and.to.contain('damage inside');
    expectUntouched(dir, before);
    const kept = await runExpecting(0, ['apply', ...args, '--yes', '--log-index', 'keep']);
    expect(kept.stdout).to.contain('log-index: stays as it is').and.to.contain('Do not remove it');
    expect(treeDifferences(subtree(before, one.logIndex), subtree(treeOf(dir), one.logIndex))).to.deep.equal(
      [],
    );
    removeTempDir(dir);
  });

  it('one that is named beside a root goes back too, and the next steps name it', async () => {
    const one = logIndexCase('logidx-torn');
    const dir = unpackLogIndex(one);
    const before = treeOf(dir);
    const data = databaseTree(dir);
    const [root = ''] = one.databases.flatMap((d) => d.roots.map((r) => join(dir, r)));
    const args = ['--src', root, '--height', `${one.target.height}`];
    const unnamed = await runExpecting(0, ['plan', ...args]);
    expect(unnamed.stdout.replace(/\s+/g, ' '))
      .to.contain('was not named and stays as it is')
      .and.to.contain('--log-index DIR');
    const named = [...args, '--log-index', join(dir, one.logIndex)];
    const plan = await runExpecting(0, ['plan', ...named]);
    expect(plan.stdout).to.contain(`--log-index ${join(dir, one.logIndex)}`);
    const { stdout } = await runExpecting(0, ['apply', ...named, '--yes', '--json']);
    const outcome = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { outcome: { logIndex: object } };
    expect(outcome.outcome.logIndex).to.deep.include({
      verdict: 'rewind',
      newest: { before: '70', after: '50' },
    });
    expect(problemsOfLogIndex(one, before, treeOf(dir))).to.deep.equal([]);
    await runExpecting(0, ['undo', '--src', root]);
    expect(treeDifferences(data, databaseTree(dir))).to.deep.equal([]);
    removeTempDir(dir);
  });

  it('one of another store is refused, and so is one without receipts', async () => {
    const one = logIndexCase('logidx-home');
    const dir = unpackLogIndex(one);
    const [blocks = '', receipts = ''] = one.databases.flatMap((d) => d.roots.map((r) => join(dir, r)));
    const height = ['--height', `${one.target.height}`];
    const keymap = join(receipts, 'receipts', 'keymap', 'data');
    const other = await runExpecting(3, ['plan', '--src', receipts, ...height, '--log-index', keymap]);
    expect(other.stderr).to.contain('ERR_LOG_INDEX').and.to.contain('format version 013');
    const without = await runExpecting(3, [
      'plan',
      '--src',
      blocks,
      ...height,
      '--log-index',
      join(dir, one.logIndex),
    ]);
    expect(without.stderr).to.contain('no table of receipts is planned');
    removeTempDir(dir);
  });

  it('a target that is not a height leaves it alone, and says so', async () => {
    const one = logIndexCase('logidx-again');
    const dir = unpackLogIndex(one);
    const before = treeOf(dir);
    const args = ['--home', join(dir, one.home), '--drop-last', '1'];
    const { stdout } = await runExpecting(0, ['apply', ...args, '--yes']);
    expect(stdout.replace(/\s+/g, ' '))
      .to.contain('because the target is not a height')
      .and.to.contain('wrong logs');
    expect(treeDifferences(subtree(before, one.logIndex), subtree(treeOf(dir), one.logIndex))).to.deep.equal(
      [],
    );
    removeTempDir(dir);
  });
});

describe('verify of a home with a log-index', () => {
  for (const one of logIndexCases()) {
    it(`${one.name}`, async () => {
      const dir = unpackLogIndex(one);
      const tree = treeOf(dir);
      const { code, stdout } = await run(['verify', '--home', join(dir, one.home), '--json']);
      const report = JSON.parse(stdout.trim().split('\n')[0] ?? '') as VerifyReport;
      const { logIndexBefore: before } = one;
      const logIndex = report.logIndex;
      if (before === undefined) {
        expect(code).to.equal(4);
        expect(logIndex?.findings.map((f) => f.path)).to.deep.equal([join(dir, one.logIndex, '000002.log')]);
        expect(logIndex?.findings[0]?.problem).to.contain('damage inside');
      } else {
        expect(logIndex).to.deep.include({
          newest: `${before.latestVersion}`,
          oldest: `${before.earliestVersion}`,
          findings: [],
        });
      }
      expectUntouched(dir, tree);
      removeTempDir(dir);
    });
  }

  it('compares it with the receipts, and says what another kind of store is', async () => {
    const killed = logIndexCase('logidx-killed');
    const dir = unpackLogIndex(killed);
    const args = ['verify', '--home', join(dir, killed.home)];
    const { stdout } = await runExpecting(0, args);
    expect(stdout).to.match(/log-index +newest 71, oldest 0: no problem found/);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).to.contain('the log-index at 71: logs of the blocks above are not found');
    const [root = ''] = killed.databases.flatMap((d) => d.roots.map((r) => join(dir, r)));
    const keymap = join(root, 'receipts', 'keymap', 'data');
    const other = await run(['verify', '--src', root, '--log-index', keymap]);
    expect(other.stdout).to.contain('log-index: not checked').and.to.contain('format version 013');
    removeTempDir(dir);
  });
});
