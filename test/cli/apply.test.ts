import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { database, finish, jsonLines, lastJson, targetKey } from './process.ts';

describe('cli: apply', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('shows the plan, carries it out, and tells what was done', async () => {
    const db = database('blocks');
    const args = [...db.src, '--key', targetKey(db, 'blocks')];
    const { code, stdout, stderr } = await finish(['apply', ...args, '--yes']);
    expect(code, stderr).to.equal(0);
    expect(stderr).to.equal('');
    expect(stdout).to.contain('first removed').and.to.contain('Done: ');
    expect(existsSync(join(db.roots[0]!, 'litt.lock'))).to.equal(false);
    const again = await finish(['apply', ...args, '--yes']);
    expect(again.code).to.equal(0);
    expect(again.stdout).to.contain('Nothing to do. Newest record of blocks: ');
  });

  it('refuses without --yes where there is no terminal, and changes nothing', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    const { code, stdout, stderr } = await finish(['apply', ...db.src, '--drop-last', '1']);
    expect(code).to.equal(3);
    expect(stderr).to.contain('ERR_NOT_CONFIRMED').and.to.contain('--yes');
    expect(stdout).to.contain('first removed');
    expectUntouched(db.dir, before);
  });

  it('needs no confirmation for nothing', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    const { code, stdout } = await finish(['apply', ...db.src, '--drop-last', '0']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('Nothing to do');
    expectUntouched(db.dir, before);
  });

  it('gives JSON lines: plan, progress when asked for, outcome', async () => {
    const args = ['--drop-last', '1', '--yes', '--json'];
    const plain = jsonLines((await finish(['apply', ...database('single-root').src, ...args])).stdout);
    expect(plain.map((line) => line.message_type)).to.deep.equal(['plan', 'outcome']);
    const { stdout, stderr } = await finish([
      'apply',
      ...database('single-root').src,
      ...args,
      '--progress',
      'always',
    ]);
    const types = jsonLines(stdout).map((line) => line.message_type);
    expect(new Set(types)).to.deep.equal(new Set(['progress', 'plan', 'outcome']));
    expect(types.at(-1)).to.equal('outcome');
    expect(jsonLines(stdout).every((line) => line.version === 1)).to.equal(true);
    expect(stderr).to.equal('');
  });

  it('says nothing with --quiet when it worked', async () => {
    const db = database('single-root');
    const { code, stdout, stderr } = await finish([
      'apply',
      ...db.src,
      '--drop-last',
      '1',
      '--yes',
      '--quiet',
    ]);
    expect([code, stdout, stderr]).to.deep.equal([0, '', '']);
  });

  describe('with a saved plan', () => {
    async function saved(name: string): Promise<{ db: ReturnType<typeof database>; file: string }> {
      const db = database(name);
      const file = join(tempDir(), 'plan.json');
      const { code, stderr } = await finish(['plan', ...db.src, '--drop-last', '1', '--out', file]);
      expect(code, stderr).to.equal(0);
      return { db, file };
    }

    it('applies it', async () => {
      const { db, file } = await saved('single-root');
      const { code, stdout } = await finish(['apply', file, '--yes']);
      expect(code).to.equal(0);
      expect(stdout).to.contain('Done: ');
      expect((await finish(['verify', ...db.src])).code).to.equal(0);
    });

    it('asks here too', async () => {
      const { db, file } = await saved('single-root');
      const before = treeOf(db.dir);
      expect((await finish(['apply', file])).code).to.equal(3);
      expectUntouched(db.dir, before);
    });

    it('refuses when something changed since, and names the file', async () => {
      const { db, file } = await saved('single-root');
      const plan = JSON.parse(readFileSync(file, 'utf8'));
      const path = join(
        db.roots[0]!,
        plan.fingerprint.find((e: unknown[]) => String(e[1]).endsWith('.keys'))[1],
      );
      appendFileSync(path, 'x');
      const before = treeOf(db.dir);
      const { code, stderr } = await finish(['apply', file, '--yes', '--json']);
      expect(code).to.equal(3);
      expect(lastJson(stderr)).to.include({ code: 'ERR_PLAN_STALE' });
      expect(stderr).to.contain(path);
      expectUntouched(db.dir, before);
    });

    it('refuses a plan without steps, too, when something changed since', async () => {
      const db = database('single-root');
      const file = join(tempDir(), 'plan.json');
      await finish(['plan', ...db.src, '--drop-last', '0', '--out', file]);
      expect((await finish(['apply', file])).stdout).to.contain('Nothing to do');
      appendFileSync(join(db.roots[0]!, '0', 'segments', '7.keys'), 'x');
      const { code, stderr, stdout } = await finish(['apply', file]);
      expect(code, stderr).to.equal(3);
      expect(stderr).to.contain('ERR_PLAN_STALE');
      expect(stdout).to.equal('');
    });

    it('refuses a plan that was made without locks', async () => {
      const db = database('single-root');
      const file = join(tempDir(), 'plan.json');
      await finish(['plan', ...db.src, '--drop-last', '1', '--no-lock', '--out', file]);
      const before = treeOf(db.dir);
      for (const words of [['--yes'], []]) {
        const { code, stderr } = await finish(['apply', file, ...words]);
        expect(code).to.equal(3);
        expect(stderr).to.contain('ERR_PLAN_UNLOCKED');
      }
      expectUntouched(db.dir, before);
    });

    it('refuses a file that is not a plan', async () => {
      const file = join(tempDir(), 'plan.json');
      for (const text of ['', '{', '[]', '{}', '{"format":"litt-rollback/plan","version":2}']) {
        writeFileSync(file, text);
        const { code, stderr } = await finish(['apply', file, '--yes']);
        expect(code, stderr).to.equal(3);
        expect(stderr).to.contain('ERR_PLAN_INVALID');
      }
      const missing = await finish(['apply', join(tempDir(), 'none.json'), '--yes']);
      expect(missing.code).to.equal(2);
      expect(missing.stderr).to.contain('does not exist');
    });
  });
});
