import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { makeSample } from '../../scripts/make-sample.ts';
import { buildOnce } from '../helpers/command.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { COMMAND, database, finish, follow, installed, onTerminal, scratchFile, start } from './process.ts';

/** Runs a line of shell in which "$0" "$@" is the command with these arguments. */
function shell(
  line: string,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return follow(
    spawn('bash', ['-c', line, process.execPath, COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
  ).result;
}

describe('cli: standard output', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('ends quietly when the reader goes away', async () => {
    const db = database('many-roots');
    for (const words of ['keys', 'keys --json', 'inspect --verbose', 'plan --drop-last 1', '--help']) {
      const src = words === '--help' ? [] : db.src;
      const args = [...words.split(' '), ...src];
      const { code, stderr, stdout } = await shell('set -o pipefail; "$0" "$@" | head -n 1', args);
      expect([code, stderr], words).to.deep.equal([0, '']);
      expect(stdout.length).to.be.greaterThan(0);
    }
  });

  it('ends quietly when there is no reader from the start', async () => {
    const db = database('many-roots');
    const running = start(['keys', ...db.src]);
    running.child.stdout!.destroy();
    running.child.stdin!.end();
    const { code, stderr } = await running.result;
    expect([code, stderr]).to.deep.equal([0, '']);
  });

  it('reports a full device as 7', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const db = database('single-root');
    const before = treeOf(db.dir);
    for (const words of [
      ['keys'],
      ['inspect'],
      ['verify'],
      ['plan', '--drop-last', '1'],
      ['apply', '--drop-last', '1', '--yes'],
    ]) {
      const fd = openSync('/dev/full', 'w');
      const { code, stderr } = await finish([...words, ...db.src], { stdout: fd });
      closeSync(fd);
      expect(code, `${words}: ${stderr}`).to.equal(7);
      expect(stderr).to.contain('ENOSPC').and.to.contain('standard output');
      expectUntouched(db.dir, before);
    }
  });

  it('works with standard error closed', async () => {
    const db = database('single-root');
    const { code, stdout } = await shell('"$0" "$@" 2>&-', ['plan', ...db.src, '--drop-last', '1']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('first removed');
    expect((await shell('"$0" "$@" 2>&-', ['plan', '--src', '/nowhere', '--drop-last', '1'])).code).to.equal(
      3,
    );
  });

  it('carries out its work though its output has no reader', async () => {
    const db = database('single-root');
    const args = ['apply', '--yes', ...db.src, '--drop-last', '1'];
    const { code, stderr } = await shell('set -o pipefail; "$0" "$@" | true', args);
    expect([code, stderr]).to.deep.equal([0, '']);
  });
});

describe('cli: on a terminal', () => {
  before(function () {
    if (process.platform !== 'linux' || !installed('script')) this.skip();
  });

  it('asks for the word, and goes on with it', async () => {
    const db = database('single-root');
    const running = onTerminal(['apply', ...db.src, '--drop-last', '1']);
    await running.saw('Type "yes" to continue');
    expect(running.stdout()).to.contain('first removed').and.to.contain('\u001b[');
    running.child.stdin!.write('yes\n');
    const { code, stdout } = await running.result;
    expect(code, stdout).to.equal(0);
    expect(stdout).to.contain('Done: ');
  });

  it('says right above the question what is kept above the target', async () => {
    const groups = [10, 15, 11, 17].map((height) => receipt(height));
    const root = keyedTable([{ groups }], { table: 'receipts' });
    const running = onTerminal(['apply', '--src', root, '--height', '12', '--stragglers', 'keep']);
    await running.saw('Type "yes" to continue');
    const above = running.stdout().split('Apply this plan?')[0]!.trim().split('\n').at(-1);
    expect(above).to.contain('table receipts keeps 2 records in 1 group above the target (height 15)');
    running.child.stdin!.write('no\n');
    expect((await running.result).code).to.equal(3);
  });

  it('says right above the question, and after it, that it cannot be undone with --no-undo', async () => {
    const db = database('single-root');
    const running = onTerminal(['apply', ...db.src, '--drop-last', '1', '--no-undo']);
    await running.saw('Type "yes" to continue');
    const [plan, above] = running.stdout().split('Apply this plan?')[0]!.split('Note: ');
    expect(plan).to.contain('it cannot be undone');
    expect(above).to.contain('it cannot be undone');
    running.child.stdin!.write('yes\n');
    const { code, stdout } = await running.result;
    expect(code, stdout).to.equal(0);
    expect(stdout.split('Done: ')[1]).to.contain('not possible: nothing was kept');
  });

  it('takes nothing else for an answer', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    for (const answer of ['y\n', 'no\n', '\n', 'YES\n', 'yes please\n', '\u0004']) {
      const running = onTerminal(['apply', ...db.src, '--drop-last', '1']);
      await running.saw('Type "yes" to continue');
      running.child.stdin!.write(answer);
      const { code, stdout } = await running.result;
      expect(code, stdout).to.equal(3);
      expect(stdout).to.contain('ERR_NOT_CONFIRMED');
      expectUntouched(db.dir, before);
    }
  });

  it('can be interrupted while it asks', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    const running = onTerminal(['apply', ...db.src, '--drop-last', '1']);
    await running.saw('Type "yes" to continue');
    running.child.stdin!.write('\u0003');
    const { code, stdout } = await running.result;
    expect(code, stdout).to.equal(130);
    // The error begins on a line of its own.
    expect(stdout).to.match(/continue: \^C\r\nlitt-rollback: Interrupted by SIGINT/);
    expect(stdout).to.contain('Nothing was changed');
    expectUntouched(db.dir, before);
  });

  it('draws a bar for what takes longer than a second, and takes it away', async () => {
    const { roots } = makeSample({ dir: tempDir(), records: 400_000 });
    const slow = `let n = 0;
      export default () => {
        if (++n % 1000 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        return false;
      };`;
    const args = [
      'plan',
      '--src',
      roots[0]!,
      '--on-no-match',
      'keep',
      '--filter',
      scratchFile('slow.mjs', slow),
    ];
    const { code, stdout } = await onTerminal(args).result;
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/\d+% · reading sample: /);
    const cleared = stdout.lastIndexOf('\u001b[2K');
    expect(cleared).to.be.greaterThan(stdout.lastIndexOf('% · '));
    expect(stdout.indexOf('Rollback: ')).to.be.greaterThan(cleared);
    const { stdout: none } = await onTerminal([...args, '--progress', 'never']).result;
    expect(none).not.to.contain('% · ');
  });

  it('leaves colours out where NO_COLOR stands', async () => {
    const db = database('single-root');
    const line = `NO_COLOR=1 '${process.execPath}' '${COMMAND}' plan --src '${db.roots[0]}' --drop-last 1`;
    const { stdout } = await follow(spawn('script', ['-qefc', line, '/dev/null'], { stdio: 'pipe' })).result;
    expect(stdout).to.contain('first removed').and.not.to.contain('\u001b[');
  });
});
