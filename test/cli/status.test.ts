import { execFileSync, spawn } from 'node:child_process';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { COMMAND, database, finish, follow, scratchFile } from './process.ts';

/** The command that a label of the status names, run by a shell. */
function runNamed(stdout: string, label: string): void {
  const command = stdout.match(new RegExp(`^  ${label} +litt-rollback (.*)$`, 'm'))?.[1];
  if (command === undefined) throw new Error(`no command beside ${label}:\n${stdout}`);
  execFileSync('sh', ['-c', `'${process.execPath}' '${COMMAND}' ${command}`], { stdio: 'pipe' });
}

describe('cli: status', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('exits with 6 for an unfinished rollback, and names whole commands that lead out', async () => {
    const db = database('many-roots');
    const killed = `
      import { applyPlan, planRollback } from ${JSON.stringify(new URL('../../dist/lib/index.js', import.meta.url).href)};
      const plan = await planRollback({ roots: process.argv.slice(2), target: { kind: 'drop-last', groups: 2 } });
      await applyPlan(plan, { onProgress: () => process.kill(process.pid, 'SIGKILL') });`;
    const script = scratchFile('killed.mjs', killed);
    const { signal, stderr } = await follow(spawn(process.execPath, [script, ...db.roots], { stdio: 'pipe' }))
      .result;
    expect(signal, stderr).to.equal('SIGKILL');
    const unfinished = await finish(['status', ...db.src]);
    expect(unfinished.code, unfinished.stderr).to.equal(6);
    expect(unfinished.stdout)
      .to.contain('Unfinished: ')
      .and.to.match(/rollback lock +\S+litt\.lock/);
    expect(unfinished.stdout).to.match(/bolt +\S+UNFINISHED-ROLLBACK/);
    runNamed(unfinished.stdout, 'finish it');
    const done = await finish(['status', ...db.src]);
    expect([done.code, done.stdout.split('\n')[0]]).to.deep.equal([0, 'Rolled back; can be undone']);
    runNamed(done.stdout, 'undo it');
    const history = await finish(['status', ...db.src, '--history']);
    expect(history.code).to.equal(0);
    expect(history.stdout).to.match(/^No unfinished or undoable rollback\.\n\nHistory\n/);
    expect(history.stdout).to.match(/Z {2}resume: finished .*\n.*Z {2}undo: taken back .*@/);
  });

  it('of one root of a good rollback names the others, and never purge', async () => {
    const db = database('many-roots');
    await finish(['apply', ...db.src, '--drop-last', '2', '--yes']);
    const { code, stdout } = await finish(['status', '--src', db.roots[0]!]);
    expect(code).to.equal(0);
    expect(stdout).to.contain(`1 of ${db.roots.length} were given`).and.not.to.contain('purge');
    for (const root of db.roots.slice(1)) expect(stdout.replace(/\n +/g, ' ')).to.contain(root);
    runNamed(stdout, 'with all roots');
  });
});
