/** Values that are not quite what an option takes, and what is made of them. */
import { join } from 'node:path';
import { expect } from 'chai';
import { tempDir } from '../helpers/temp.ts';
import { treeOf } from '../helpers/tree.ts';
import { WarmCommand } from '../helpers/warm-command.ts';
import { answersOf, database, jsonLines, lastJson } from './process.ts';

const warm = WarmCommand.forSuite();
const run = (args: readonly string[]) => warm.run(args);
const answers = answersOf(run);

describe('cli: values that are not quite right', () => {
  it('takes times as people write them, and says what it took', async () => {
    const { src } = database('blocks');
    const target = async (time: string): Promise<string> => {
      const { stdout, stderr, code } = await run(['plan', ...src, '--before', time, '--on-no-match', 'keep']);
      expect(code, stderr).to.equal(0);
      const said = /^note: --before .* is taken for (\S+) \(UTC\)\n$/.exec(stderr);
      expect(stdout).to.contain(`segments sealed by ${said === null ? time : said[1]}`);
      return said?.[1] ?? '';
    };
    expect(await target('2026-11-23 20:05:21 UTC')).to.equal('2026-11-23T20:05:21Z');
    expect(await target('2026-11-23')).to.equal('2026-11-23T00:00:00Z');
    expect(await target('2026-11-23T20:05:21Z')).to.equal('');
    const ago = Date.parse(await target('1h ago'));
    expect(Date.now() - ago).to.be.within(3600_000, 3700_000);
    await answers(['plan', ...src, '--before', 'soon'], 2, '"3h ago"');
  });

  it('keeps its remarks for the end where a program reads them', async () => {
    const { src } = database('blocks');
    const args = ['plan', ...src, '--before', '2100-01-01', '--on-no-match', 'keep'];
    const { stderr } = await run([...args, '--json']);
    expect(jsonLines(stderr).map((line) => line.message_type)).to.deep.equal(['note']);
    const failed = await run(['plan', '--src', '/nowhere', '--before', '1h ago', '--json']);
    expect(jsonLines(failed.stderr)).to.have.length(1);
  });

  it('misses a plan file as it misses other files that it is given', async () => {
    for (const command of ['apply', 'status', 'undo', 'resume', 'purge', 'verify']) {
      await answers([command, '/no/such/plan.json'], 2, 'The plan file does not exist', 'ERR_USAGE');
    }
  });

  it('warns where a height lies above everything, also when it is quiet', async () => {
    const { src } = database('blocks');
    const warning = 'the newest record of table blocks has height 1,059';
    for (const command of [['apply', '--yes', '--quiet'], ['plan']])
      await answers([...command, ...src, '--height', '10240'], 0, `warning: `, warning);
    const { stderr } = await run(['apply', '--yes', '--json', ...src, '--height', '10240']);
    expect(lastJson(stderr)).to.include({ message_type: 'warning' });
    await answers(['apply', '--yes', '--detailed-exitcode', ...src, '--height', '10240'], 0, warning);
    const { stderr: silent } = await run(['plan', ...src, '--height', '1059']);
    expect(silent).to.equal('');
    await answers(['apply', '--yes', '--detailed-exitcode', ...src, '--height', '1024'], 10);
  });

  it('takes a height as inspect prints it', async () => {
    const { src } = database('blocks');
    const said = await answers(['inspect', ...src], 0);
    const [, oldest, newest] = /heights +(\S+) to (\S+) /.exec(said) ?? [];
    expect([oldest, newest]).to.deep.equal(['1,000', '1,059']);
    expect(await answers(['plan', ...src, '--height', newest!], 0)).to.contain('Nothing to do');
    expect(await answers(['keys', ...src, '--height', '1,024'], 0)).to.contain('block 1024');
    for (const odd of ['1,24', ',024', '1,0244', '1.024'])
      await answers(['plan', ...src, '--height', odd], 2, 'whole number');
  });

  it('leaves a snapshot directory alone that the database has nothing to do with', async () => {
    const { src } = database('single-root');
    const args = [...src, '--drop-last', '1', '--snapshot-dir'];
    const dir = tempDir();
    expect(await answers(['plan', ...args, dir, '--no-lock'], 0)).to.contain('has no snapshots');
    // A lock of a living process there would stop a run that locked the directory.
    const said = await answers(['apply', ...args, dir, '--yes'], 0);
    expect(said).to.contain('has no snapshots').and.to.contain('Done: ');
    expect(treeOf(dir).size).to.equal(1);
  });

  it('lists one height, and at most a hundred records on a terminal', async () => {
    const { src } = database('blocks');
    const one = await answers(['keys', ...src, '--height', '1024'], 0);
    expect(one).to.equal(await answers(['keys', ...src, '--from-height', '1024', '--to-height', '1024'], 0));
    expect(one.trim().split('\n')).to.have.length(3);
    await answers(['keys', ...src, '--height', '5', '--to-height', '6'], 2, 'given together');
    const all = await answers(['keys', ...src], 0);
    expect(all).to.equal(await answers(['keys', ...src, '--limit', 'all'], 0));
    expect(all.trim().split('\n')).to.have.length(275);
    await answers(['keys', ...src, '--limit', 'some'], 2, 'or all, is needed');
  });

  it('takes a saved plan for the roots that it names', async () => {
    const { src } = database('many-roots');
    const plan = join(tempDir(), 'plan.json');
    await answers(['plan', ...src, '--drop-last', '1', '--out', plan], 0);
    await answers(['apply', plan, '--yes'], 0);
    for (const command of ['status', 'verify']) {
      const { stdout } = await run([command, plan]);
      expect(stdout).to.equal((await run([command, ...src])).stdout);
    }
    await answers(['undo', plan], 0);
    expect(await answers(['resume', plan], 0)).to.match(/nothing/i);
    expect(await answers(['purge', plan], 0)).to.match(/nothing/i);
    await answers(['status', plan, ...src], 2, 'A saved plan and --src');
  });
});
