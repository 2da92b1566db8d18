import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { databaseTree } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { COMMAND, database, finish, follow, installed, lastJson } from './process.ts';

type Database = ReturnType<typeof database>;

/** A database that was rolled back so many times, the latest id last. */
async function rolledBack(times: number): Promise<{ db: Database; ids: string[] }> {
  const db = database('single-root');
  const ids: string[] = [];
  for (let i = 0; i < times; i++) {
    const { stdout } = await finish(['apply', ...db.src, '--drop-last', '2', '--yes', '--json']);
    ids.push((lastJson(stdout) as unknown as { outcome: { planId: string } }).outcome.planId);
  }
  return { db, ids };
}

describe('cli: purge', function () {
  this.timeout(120_000);

  it('shows every rollback with --dry-run, newest first, and frees nothing', async () => {
    const { db, ids } = await rolledBack(2);
    const before = treeOf(db.dir);
    const { code, stdout } = await finish(['purge', ...db.src, '-n']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Purge · 2 rollbacks, [\d.]+ KiB · dry run, nothing was freed\n/);
    expect([...stdout.matchAll(/transaction +(\S+), begun 20\d\d-/g)].map((m) => m[1])).to.deep.equal(
      ids.toReversed(),
    );
    expect(stdout.match(/rollback to /g)).to.have.length(2);
    expect(stdout.match(/frees +[\d.]+ (B|KiB)/g)).to.have.length(2);
    expectUntouched(db.dir, before);
  });

  it('shows older ones that go with --id, in JSON as well', async () => {
    const { db, ids } = await rolledBack(3);
    const dry = await finish(['purge', ...db.src, '--id', ids[1]!, '--dry-run', '--json']);
    const plan = lastJson(dry.stdout) as unknown as {
      rollbacks: { id: string; bytes: number }[];
      bytes: number;
    };
    expect(plan.rollbacks.map((r) => r.id)).to.deep.equal(ids.slice(0, 2));
    expect(plan.bytes).to.equal(plan.rollbacks.reduce((sum, r) => sum + r.bytes, 0));
    const done = await finish(['purge', ...db.src, '--id', ids[1]!, '--yes', '--json']);
    expect(done.stdout.trim().split('\n')).to.have.length(1);
    expect(lastJson(done.stdout)).to.deep.include({
      message_type: 'purge',
      purged: ids.slice(0, 2),
      rollbacks: plan.rollbacks,
      bytesFreed: plan.bytes,
    });
    expect((await finish(['undo', ...db.src])).code).to.equal(0);
  });

  it('refuses without --yes where there is no terminal, shows what it would free, and frees nothing', async () => {
    const { db, ids } = await rolledBack(1);
    const before = treeOf(db.dir);
    const { code, stdout, stderr } = await finish(['purge', ...db.src]);
    expect(code).to.equal(3);
    expect(stdout).to.contain(ids[0]).and.to.contain('nothing has been freed yet');
    expect(stderr).to.contain('ERR_NOT_CONFIRMED').and.to.contain('--yes');
    expectUntouched(db.dir, before);
  });

  it('asks nothing where nothing is kept', async () => {
    const { src } = database('single-root');
    const { code, stdout } = await finish(['purge', ...src]);
    expect([code, stdout]).to.deep.equal([0, 'Nothing is kept for undo here.\n']);
    expect((await finish(['purge', ...src, '--dry-run'])).stdout).to.equal(
      'Nothing is kept for undo here.\n',
    );
  });

  it('asks on a terminal, and takes only the word for an answer', async function () {
    if (!installed('script')) this.skip();
    const { db } = await rolledBack(1);
    const before = treeOf(db.dir);
    const after = databaseTree(db.dir);
    const answering = async (answer: string) => {
      const words = [process.execPath, COMMAND, 'purge', ...db.src].map((w) => `'${w}'`).join(' ');
      const env = { ...process.env, TERM: 'xterm', NO_COLOR: '' };
      const running = follow(spawn('script', ['-qefc', words, '/dev/null'], { stdio: 'pipe', env }));
      await running.saw('Delete all of this for good?');
      running.child.stdin!.write(answer);
      return running.result;
    };
    for (const answer of ['y\n', '\n', 'no\n', '\u0004']) {
      expect((await answering(answer)).code, answer).to.equal(3);
      expectUntouched(db.dir, before);
    }
    expect((await answering('\u0003')).code).to.equal(130);
    expectUntouched(db.dir, before);
    const { code, stdout } = await answering('yes\n');
    expect(code, stdout).to.equal(0);
    expect(stdout).to.contain('undo is no longer possible');
    expect(databaseTree(db.dir)).to.deep.equal(after);
    expect((await finish(['undo', ...db.src])).code).to.equal(3);
  });
});
