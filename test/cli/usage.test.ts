import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { database, finish, lastJson, scratchFile } from './process.ts';

/** Expects exit code 2, this text on standard error, and nothing on standard output. */
async function usageError(args: readonly string[], text: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await finish(args);
  expect(code, stderr).to.equal(2);
  expect(stdout).to.equal('');
  if (typeof text === 'string') expect(stderr).to.contain(text);
  else expect(stderr).to.match(text);
}

describe('cli: usage', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const args of [['--version'], ['plan', '--version']]) {
      expect(await finish(args)).to.deep.equal({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' });
    }
  });

  it('explains itself: commands, exit codes, examples', async () => {
    const { code, stdout, stderr } = await finish(['--help']);
    expect([code, stderr]).to.deep.equal([0, '']);
    for (const word of [
      'plan',
      'apply',
      'inspect',
      'keys',
      'verify',
      'Exit codes:',
      'Examples:',
      '130, 143',
    ]) {
      expect(stdout).to.contain(word);
    }
  });

  it('explains every command with all its options', async () => {
    const options: Record<string, string[]> = {
      plan: [
        '--src',
        '--key',
        '--keys-file',
        '--filter',
        '--drop-last',
        '--table',
        '--on-no-match',
        '--drop-orphans',
        '--all-roots',
        '--check',
        '--accept-damage',
        '--snapshot-dir',
        '--max-remove',
        '--out',
        '--detailed-exitcode',
        '--no-lock',
      ],
      apply: ['--src', '--key', '--yes', '[plan.json]'],
      inspect: ['--src'],
      keys: ['--src', '--table', '--limit', '--oldest-first'],
      verify: ['--src', '--table'],
    };
    for (const [command, expected] of Object.entries(options)) {
      const { code, stdout } = await finish([command, '--help']);
      expect(code).to.equal(0);
      for (const option of [
        ...expected,
        '--json',
        '--progress',
        '--quiet',
        '--verbose',
        '--color',
        'Exit codes:',
      ]) {
        expect(stdout, command).to.contain(option);
      }
    }
  });

  it('refuses no command, an unknown one, and unknown options, and suggests what was meant', async () => {
    await usageError([], 'No command was given');
    await usageError(['plam'], /unknown command 'plam'[\s\S]*plan/i);
    await usageError(['plan', '--src', '/x', '--kee', '00'], /unknown option '--kee'[\s\S]*--key/i);
    await usageError(['inspect', '--src', '/x', '--key', '00'], /unknown option '--key'/i);
    await usageError(['inspect', '--src', '/x', 'more'], /too many arguments/i);
    await usageError(['plan', '--src'], /argument missing/i);
  });

  it('needs a database and exactly one target', async () => {
    for (const command of ['plan', 'apply', 'inspect', 'keys', 'verify']) {
      await usageError([command], 'No database was given');
    }
    await usageError(['plan', '--src', '/x'], 'No target was given');
    await usageError(['apply', '--src', '/x', '--yes'], 'No target was given');
    await usageError(
      ['plan', '--src', '/x', '--key', '00', '--drop-last', '1'],
      'More than one target was given: --key, --drop-last',
    );
  });

  it('refuses values that make no sense', async () => {
    const plan = ['plan', '--src', '/x'];
    await usageError([...plan, '--key', 'xyz'], 'not hexadecimal');
    await usageError([...plan, '--key', 'abc'], 'not hexadecimal');
    await usageError([...plan, '--key', ''], 'It is empty');
    await usageError(['plan', '--src', '', '--key', '00'], 'It is empty');
    await usageError([...plan, '--drop-last', '-1'], 'whole number');
    await usageError([...plan, '--drop-last', '1.5'], 'whole number');
    await usageError([...plan, '--key', '00', '--key', '01'], 'more than once');
    await usageError([...plan, '--key', '00', '--on-no-match', 'maybe'], 'refuse, keep, delete');
    await usageError([...plan, '--key', '00', '--check', 'some'], 'all, pivot');
    for (const limit of ['101%', '-1', 'many', '1.5', '%']) {
      await usageError([...plan, '--key', '00', '--max-remove', limit], 'number of records');
    }
    await usageError([...plan, '--key', '00', '--progress', 'sometimes'], 'auto, always, never');
    await usageError([...plan, '--key', '00', '--color', 'blue'], 'auto, always, never');
    await usageError(['keys', '--src', '/x', '--limit', 'x'], 'whole number');
  });

  it('refuses a saved plan together with what makes a plan', async () => {
    await usageError(['apply', 'plan.json', '--src', '/x'], 'A saved plan and --src');
    await usageError(['apply', 'plan.json', '--max-remove', '5%', '--table', 'a'], '--table, --max-remove');
  });

  it('refuses targets that cannot be read', async () => {
    const { src } = database('single-root');
    const plan = ['plan', ...src];
    const file = (text: string): string[] => ['--keys-file', scratchFile('keys.json', text)];
    await usageError([...plan, '--keys-file', '/no/such/file'], 'ERR_TARGET_UNREADABLE');
    await usageError([...plan, '--keys-file', tempDir()], 'EISDIR');
    await usageError([...plan, ...file('{')], 'is not JSON');
    await usageError([...plan, ...file('[]')], 'not a JSON object');
    await usageError([...plan, ...file('{"0": "00"}')], 'not a list');
    await usageError([...plan, ...file('{"0": [1]}')], 'Key 1 of table 0 is not a text');
    await usageError([...plan, ...file('{"0": ["00", "zz"]}')], 'Key 2 of table 0 is not hexadecimal');
    const module = (text: string): string[] => ['--filter', scratchFile('filter.mjs', text)];
    await usageError([...plan, '--filter', '/no/such/module.mjs'], 'there is no such module');
    await usageError([...plan, ...module('export default (')], 'cannot be loaded');
    await usageError([...plan, ...module('throw new Error("at load")')], 'at load');
    await usageError(
      [...plan, ...module('export const filter = () => true')],
      'no function as its default export',
    );
    await usageError([...plan, ...module('export default async () => true')], 'not a plain function');
  });

  it('tells errors as three short parts with a code and its section, and as JSON when asked', async () => {
    const text = await finish(['plan', '--src', '/x']);
    expect(text.stderr).to.match(
      /^litt-rollback: .*\[ERR_USAGE\]\n {2}\S.*\n {2}Next: .*\n {2}For more, see docs\/errors\.md#err_usage\n$/,
    );
    for (const args of [
      ['plan', '--json'],
      ['--json', 'plan'],
      ['plan', '--nonsense', '--json'],
      ['--json'],
    ]) {
      const { stderr, code } = await finish(args);
      const document = lastJson(stderr);
      expect(code).to.equal(2);
      expect(document).to.include({
        message_type: 'error',
        version: 1,
        code: 'ERR_USAGE',
        kind: 'usage',
        exit_code: 2,
      });
      expect(document).to.have.keys(
        'message_type',
        'version',
        'code',
        'kind',
        'exit_code',
        'what',
        'why',
        'next',
        'place',
      );
    }
  });

  it('takes global options before and after the command', async () => {
    const { src } = database('single-root');
    for (const args of [
      ['--json', 'inspect', ...src],
      ['inspect', ...src, '--json'],
      ['inspect', '--json', ...src],
    ]) {
      const { stdout, code } = await finish(args);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ message_type: 'inspect' });
    }
  });

  it('shows causes with --verbose', async () => {
    const { stderr } = await finish(['plan', '--src', '/x', '--keys-file', '/no/such/file', '--verbose']);
    expect(stderr).to.contain('Caused by:').and.to.contain('ENOENT: no such file');
  });
});
