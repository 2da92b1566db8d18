/** `--home` in place of `--src`, for every command. */
import { join } from 'node:path';
import { expect } from 'chai';
import { run } from '../helpers/command.ts';
import { modelOf, problemsOfResult } from '../helpers/outcome.ts';
import { tempDir } from '../helpers/temp.ts';
import { unpackNamed } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { jsonLines } from './process.ts';

describe('--home', () => {
  it('rolls a whole node back, and every command reads it', async () => {
    const unpacked = unpackNamed('node-home');
    const before = treeOf(unpacked.dir);
    const model = modelOf(unpacked);
    const home = ['--home', join(unpacked.dir, 'db', 'home')];
    const ok = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await run([...words, ...home]);
      expect(code, `${words.join(' ')}\n${stdout}${stderr}`).to.equal(0);
      return stdout;
    };
    expect(await ok('inspect'))
      .to.contain('(block store)')
      .and.to.contain('(receipt store)')
      .and.to.contain('Note');
    expect(await ok('keys', '--limit', '1'))
      .to.contain('blocks')
      .and.to.contain('receipts');
    const planned = await ok('plan', '--height', '1031');
    expect(planned).to.contain('block store').and.to.contain('log-index').and.to.contain('apply --home');
    expectUntouched(unpacked.dir, before);
    expect(await ok('apply', '--height', '1031', '--yes')).to.contain('1,031 is the last kept');
    expect(problemsOfResult(unpacked, before, model).join('\n')).to.equal('');
    expect(await ok('verify')).to.contain('Verified');
    expect(await ok('status')).to.contain('can be undone');
    await ok('undo');
    await ok('apply', '--height', '1031', '--yes');
    await ok('purge', '--yes');
    expect(await ok('resume')).to.match(/nothing/i);
  });

  it('says in JSON which roots belong to each database', async () => {
    const { dir } = unpackNamed('node-home');
    const words = ['plan', '--home', join(dir, 'db', 'home'), '--height', '1031', '--json'];
    const [document] = jsonLines((await run(words)).stdout) as unknown as [{ plan: { databases: unknown } }];
    expect(document.plan.databases).to.deep.equal([
      { name: 'block store', roots: [0] },
      { name: 'receipt store', roots: [1] },
    ]);
  });

  it('and --src do not go together, nor with a saved plan', async () => {
    const dir = tempDir();
    const both = await run(['inspect', '--home', dir, '--src', dir]);
    expect(both.code).to.equal(2);
    expect(both.stderr).to.contain('Both --src and --home');
    const saved = await run(['apply', 'plan.json', '--home', dir]);
    expect(saved.code).to.equal(2);
    expect(saved.stderr).to.contain('--home');
  });

  it('refuses a directory that is not a home, and names each place that it looked at', async () => {
    const { code, stderr } = await run(['plan', '--home', tempDir(), '--height', '1']);
    expect(code).to.equal(3);
    expect(stderr).to.contain('ERR_HOME_WITHOUT_DATABASE').and.to.contain('data/ledger/block');
  });
});
