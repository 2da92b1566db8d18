/** What people mistype, and the answer that each mistake gets. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { programVersion } from '../../lib/version.ts';
import { tempDir } from '../helpers/temp.ts';
import { unpackNamed } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { WarmCommand } from '../helpers/warm-command.ts';
import { answersOf, COMMAND, database, finish, scratchFile } from './process.ts';

const warm = WarmCommand.forSuite();
const answers = answersOf((args) => warm.run(args));

/** The home of the node in the fixture. */
const nodeHome = (): string => join(unpackNamed('node-home').dir, 'db', 'home');

describe('cli: roots that are not given as roots are', () => {
  it('spells out --src for each, where a brace or a directory was meant', async () => {
    const dir = tempDir();
    const roots = [0, 1, 2].map((i) => join(dir, `root ${i}`));
    for (const root of roots) mkdirSync(root);
    const [a, b, c] = roots.map((root) => `'${root}'`);
    const whole = `\`litt-rollback plan --src ${a} --src ${b} --src ${c} --drop-last 5\``;
    await answers(['plan', '--src', ...roots, '--drop-last', '5'], 2, 'repeat --src for each', whole);
    await answers(['plan', `--src=${roots[0]}`, ...roots.slice(1), '--drop-last', '5'], 2, `--src ${c}`);
    for (const command of ['inspect', 'keys', 'verify', 'undo', 'resume', 'purge', 'status', 'plan', 'apply'])
      await answers([command, roots[0]!], 2, `A root is given with --src`, `${command} --src ${a}\``);
    await answers(
      ['apply', '--src', ...roots, '--yes', '--height', '5'],
      2,
      `--src ${a} --src ${b} --src ${c}`,
    );
    await answers(['apply', '-s', ...roots.slice(0, 2), '--height', '5'], 2, `-s ${a} --src ${b}`);
  });

  it('says what else a surplus word may be', async () => {
    const src = ['--src', '/x'];
    await answers(['plan', ...src, '1024'], 2, '--height 1024');
    await answers(['plan', ...src, 'height=5'], 2, 'Did you mean --height=5?');
    await answers(['plan', '–src', '/x'], 2, 'a dash that is not a hyphen');
    const plan = scratchFile('plan.json', '{}');
    await answers(['plan', plan], 2, `litt-rollback apply ${plan}`);
    await answers(['version', 'now'], 2, 'Too many arguments', 'version --help');
  });

  it('finds the variable that was empty', async () => {
    await answers(
      ['plan', '--home', '--height', '1031'],
      2,
      '--home took `--height` as its value',
      'variable',
    );
    await answers(['apply', '--src', '--yes', '--height', '5'], 2, '--src took `--yes`');
    await answers(['apply', '--src', '/x', '--key', '-y'], 2, '--key took `-y`');
    await answers(['plan', '--height', '5', '--src'], 2, 'Is a variable of the shell empty?');
    await answers(['plan', '--src', '/x', '--drop-last', '-1'], 2, 'whole number');
  });

  it('sees what a shell would have changed, and paths in one word', async () => {
    await answers(['inspect', '--src', 'a,b'], 3, 'Repeat --src for each root: --src a --src b');
    const [a, b] = [tempDir(), tempDir()];
    await answers(['inspect', '--src', `${a}:${b}`], 3, `--src ${a} --src ${b}`);
    await answers(['inspect', '--src', '/x/a:b'], 3, 'Check the spelling');
    await answers(['inspect', '--home', '~/foo'], 3, 'did not expand ~', `--home ${homedir()}/foo`);
    await answers(['inspect', '--home=~/foo'], 3, 'did not expand ~');
    await answers(['verify', '--src', '~/foo'], 3, 'did not expand ~', `--src ${homedir()}/foo`);
    await answers(['verify', '--src', '/x/root{0,1}'], 3, 'did not expand /x/root{0,1}');
    await answers(['status', '--src', '$R/root0'], 3, 'did not expand the variable');
    await answers(['status', '--src', '/x/root0 '], 3, 'white space');
  });

  it('looks for the database one level up and down', async () => {
    const home = nodeHome();
    const plan = (...source: string[]): string[] => ['plan', ...source, '--height', '3'];
    for (const wrong of [join(home, 'data'), join(home, 'data', 'ledger', 'block'), join(home, '..')])
      await answers(plan('--home', wrong), 3, 'Probably meant', `--home ${home}`);
    const { roots } = database('single-root');
    await answers(plan('--home', roots[0]!), 3, `Probably meant: --src ${roots[0]}`);
    await answers(['inspect', '--home', tempDir()], 3, 'Not the home');
    for (const wrong of [home, join(home, 'data')])
      await answers(['inspect', '--src', wrong], 3, join(home, 'data', 'ledger', 'block'), `--home ${home}`);
    await answers(['status', '--src', '/nowhere'], 3, 'A root does not exist');
  });
});

describe('cli: options and commands of other names', () => {
  it('takes short options, and a single dash before a long name', async () => {
    const { src, roots } = database('single-root');
    const long = await finish(['plan', ...src, '--height', '3', '--schema', '0=blocks', '--quiet']);
    const short = await finish(['plan', '-src', roots[0]!, '-height=3', '-schema', '0=blocks', '-q']);
    expect({ ...short }).to.deep.equal({ ...long });
    const out = join(tempDir(), 'plan.json');
    const args = ['-s', roots[0]!, '-t', '0', '--drop-last', '1'];
    expect(await answers(['plan', ...args, '-o', out], 0)).to.contain(`apply ${out}`);
    expect(await answers(['apply', ...args, '-y', '-q'], 0)).to.equal('');
    expect(await answers(['-V'], 0)).to.equal(`${programVersion()}\n`);
  });

  it('makes a plan of an apply with --dry-run, and says so', async () => {
    const { src, dir } = database('single-root');
    const before = treeOf(dir);
    const saved = join(tempDir(), 'plan.json');
    const args = [...src, '--drop-last', '1'];
    const planned = await answers(['plan', ...args, '--out', saved], 0);
    for (const dry of [
      ['--dry-run', ...args],
      ['-n', ...args, '--yes'],
      [saved, '-n'],
    ]) {
      const said = await answers(['apply', ...dry], 0, 'this is what `plan` shows');
      expect(said).to.contain('dry run, nothing was changed').and.to.contain('first removed');
      expect(said.split('\n').slice(1, 8)).to.deep.equal(planned.split('\n').slice(1, 8));
    }
    await answers(['apply', '-n', ...args, '--detailed-exitcode'], 10);
    expectUntouched(dir, before);
    await answers(['plan', '-n', ...args], 2, '`plan` changes nothing');
  });

  it('suggests the command that is meant', async () => {
    await answers(['rollback', '--height', '1024'], 2, 'Did you mean apply (or plan, to look first)?');
    await answers(['restore'], 2, 'Did you mean undo?');
    await answers(['Inspect'], 2, 'Did you mean inspect?');
    await answers(['help', 'nope'], 2, "Unknown command 'nope'", 'The commands are plan, apply');
    const { roots } = database('single-root');
    await answers([roots[0]!], 2, `litt-rollback inspect --src ${roots[0]}`);
    const plan = scratchFile('plan.json', '{}');
    await answers([plan], 2, `litt-rollback apply ${plan}`);
    expect(await answers(['help', 'keys'], 0)).to.contain('--oldest-first');
  });

  it('suggests the option that is meant', async () => {
    const plan = ['plan', '--src', '/x'];
    await answers(['plan', '--SRC', '/x'], 2, 'Did you mean --src?');
    await answers(['keys', '--src', '/x', '--Table', 'a'], 2, 'Did you mean --table?');
    await answers([...plan, '--drop_last', '3'], 2, 'Did you mean --drop-last?');
    await answers([...plan, '--dropLast=3'], 2, 'Did you mean --drop-last?');
    await answers(['apply', '--plan', 'plan.json'], 2, 'is an argument: `litt-rollback apply plan.json`');
    await answers([...plan, '--yes'], 2, '--yes belongs to apply');
    await answers([...plan, '--root', '/y'], 2, 'Did you mean --src?');
    await answers(['--src', '/x', 'plan'], 2, 'stand behind it');
  });

  it('suggests tables and schemas', async () => {
    const { src } = database('blocks');
    for (const command of ['plan', 'apply', 'keys', 'verify']) {
      const target = command === 'plan' || command === 'apply' ? ['--drop-last', '1'] : [];
      await answers([command, ...src, '--table', 'block', ...target], 3, 'Did you mean blocks?');
    }
    await answers(['inspect', ...src, '--schema', 'Blocks=blocks'], 3, 'Did you mean blocks?');
    const keys = scratchFile('keys.json', '{"blokcs": ["00"]}');
    await answers(['plan', ...src, '--keys-file', keys], 3, 'Did you mean blocks?');
    await answers(
      ['plan', ...src, '--schema', 'blocks=nope', '--height', '5'],
      2,
      'Known schemas: receipts, blocks',
    );
    await answers(['keys', ...src, '--schema', 'blocks=block'], 2, 'Did you mean blocks?');
    await answers(['keys', ...src, '--schema', 'blocks=./nope.mjs'], 2, 'there is no such module');
  });

  it('prints its version, with everything else as JSON, also where the command lies alone', async () => {
    expect(await answers(['version'], 0)).to.equal(`${programVersion()}\n`);
    const { stdout } = await finish(['version', '--json']);
    const told = { program: programVersion(), node: process.version, platform: process.platform };
    expect(JSON.parse(stdout)).to.deep.include({ message_type: 'version', version: 1, ...told });
    expect(JSON.parse(stdout).formats).to.deep.equal({ plan: [1], journal: [1], segments: [3, 4] });
    const alone = join(tempDir(), 'litt-rollback.js');
    copyFileSync(COMMAND, alone);
    const { execFileSync } = await import('node:child_process');
    expect(execFileSync(process.execPath, [alone, '--version'], { encoding: 'utf8' })).to.equal(
      `${programVersion()}\n`,
    );
  });
});
