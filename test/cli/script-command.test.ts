/** The command line of the scripts: read by what their usage texts say. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { CommandLine } from '../../scripts/command.ts';

const USAGE = `Usage: npx tsx scripts/one.ts DIR [options]

  --quick      less
  --size N     how much; --more is not an option
  --parts A,B  which
`;
const given = (...argv: string[]): CommandLine => new CommandLine(USAGE, argv);

describe('scripts/command', () => {
  it('knows the options that the usage names, and --help', () => {
    const command = given('dir', '--quick', '--size', '12', '--parts', 'a', '--parts', 'b,c');
    expect(command.positionals).to.deep.equal(['dir']);
    expect([command.flag('quick'), command.flag('help')]).to.deep.equal([true, false]);
    expect(command.number('size', 7)).to.equal(12);
    expect([command.text('parts'), command.texts('parts')]).to.deep.equal(['b,c', ['a', 'b,c']]);
    expect(given().text('parts')).to.equal(null);
    expect(given().number('size', 7)).to.equal(7);
  });

  it('refuses what the usage does not name', () => {
    for (const words of [['--more'], ['--size'], ['--quick=yes']])
      expect(() => given(...words), words[0]).to.throw(TypeError);
    expect(() => new CommandLine(USAGE.replace('DIR ', ''), ['dir'])).to.throw(TypeError);
  });

  it('takes whole numbers, thousands by a letter', () => {
    expect(given('--size', '6G').number('size', 1)).to.equal(6e9);
    for (const text of ['-1', '1.5', '', 'x', '1k', '99999999999999999999'])
      expect(() => given(`--size=${text}`).number('size', 1), text).to.throw(RangeError);
    expect(() => given('--size', '0').number('size', 1, 1)).to.throw(RangeError);
  });

  it('fails where a script asks for what its usage does not tell', () => {
    expect(() => given().flag('more')).to.throw('the usage tells no such option');
    expect(() => given().text('quick')).to.throw('the usage tells no such option');
  });

  it('makes every script print its usage, and end with 2 at what it does not understand', () => {
    const script = fileURLToPath(new URL('../../scripts/mutants.ts', import.meta.url));
    const call = (word: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', script, word], { encoding: 'utf8' });
    const help = call('--help');
    expect(help.status).to.equal(0);
    expect(help.stdout).to.match(/^Usage: /);
    const wrong = call('--nonsense');
    expect(wrong.status).to.equal(2);
    expect(wrong.stderr).to.contain('--nonsense').and.contain('Usage: ');
  });
});
