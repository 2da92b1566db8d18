import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { COMMAND, database, finish, installed, lastJson } from './process.ts';

/** A process number that is not in use. */
function deadProcess(): number {
  for (let pid = 4_000_000; ; pid -= 1) if (!existsSync(`/proc/${pid}`)) return pid;
}

const TEXT = (pid: number): string => `PID: ${pid}\nTimestamp: 2025-06-15T15:06:12Z\n`;

describe('cli: locks', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('exits with 5 beside a live lock, and says who and since when', async () => {
    for (const words of [['plan'], ['apply', '--yes']]) {
      const db = database('single-root');
      writeFileSync(join(db.roots[0]!, 'litt.lock'), TEXT(process.pid));
      const before = treeOf(db.dir);
      const { code, stdout, stderr } = await finish([...words, '--json', ...db.src, '--drop-last', '1']);
      expect(code).to.equal(5);
      expect(stdout).to.equal('');
      expect(stderr).to.contain(`process ${process.pid}`).and.to.contain('2025-06-15T15:06:12Z');
      expect(lastJson(stderr)).to.include({ code: 'ERR_LOCKED', kind: 'locked', exit_code: 5 });
      expectUntouched(db.dir, before);
    }
  });

  it('plans beside a running node when told to take no lock, and says what that is worth', async () => {
    const db = database('single-root');
    writeFileSync(join(db.roots[0]!, 'litt.lock'), TEXT(process.pid));
    const { code, stdout } = await finish(['plan', '--no-lock', ...db.src, '--drop-last', '1']);
    expect(code).to.equal(0);
    expect(stdout).to.contain('Approximate: the database is in use');
  });

  it('takes the lock of a dead process over, and puts it back when nothing was changed', async () => {
    const db = database('single-root');
    const lock = join(db.roots[0]!, 'litt.lock');
    writeFileSync(lock, TEXT(deadProcess()), { mode: 0o600 });
    const before = treeOf(db.dir);
    expect((await finish(['plan', ...db.src, '--drop-last', '1'])).code).to.equal(0);
    expectUntouched(db.dir, before);
    expect((await finish(['apply', ...db.src, '--drop-last', '1'])).code).to.equal(3);
    expectUntouched(db.dir, before);
    expect((await finish(['apply', ...db.src, '--drop-last', '0', '--yes'])).code).to.equal(0);
    expectUntouched(db.dir, before);
    expect((await finish(['apply', ...db.src, '--drop-last', '1', '--yes'])).code).to.equal(0);
    expect(existsSync(lock)).to.equal(false);
  });

  it('refuses a lock that names no process, and shows its text', async () => {
    const db = database('single-root');
    writeFileSync(join(db.roots[0]!, 'litt.lock'), 'under repair, ask \u001b[31mAda\n');
    const { code, stderr } = await finish(['plan', ...db.src, '--drop-last', '1']);
    expect(code).to.equal(5);
    expect(stderr).to.contain('under repair, ask').and.not.to.contain('\u001b');
  });

  it('gives the locks back when the filter ends the process', async () => {
    const db = database('many-roots');
    const filter = join(tempDir(), 'exit.mjs');
    writeFileSync(filter, 'export default () => process.exit(9);');
    const before = treeOf(db.dir);
    const { code, stderr } = await finish(['apply', ...db.src, '--filter', filter, '--yes']);
    expect(code, stderr).to.equal(3);
    expect(stderr).to.contain('process.exit(9) was called').and.to.contain('ERR_FILTER_FAILED');
    expectUntouched(db.dir, before);
  });

  it('gives the locks back when the filter leaves an error uncaught', async () => {
    const db = database('many-roots');
    const filter = join(tempDir(), 'stray.mjs');
    writeFileSync(
      filter,
      `export default () => {
        Promise.reject(new Error('stray'));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        return false;
      };`,
    );
    const before = treeOf(db.dir);
    const { code, stderr } = await finish(['apply', ...db.src, '--filter', filter, '--yes']);
    expect(code).to.equal(2);
    expect(stderr).to.contain('stray').and.to.contain('ERR_TARGET_UNREADABLE');
    expectUntouched(db.dir, before);
  });
});

describe('cli: paths', () => {
  it('takes blanks, umlauts and quotes in its stride, and prints a command that works', async () => {
    const db = database('single-root');
    const root = join(tempDir(), "Köln it's $HOME");
    mkdirSync(root);
    renameSync(db.roots[0]!, join(root, 'rööt 0'));
    const src = ['--src', join(root, 'rööt 0')];
    const { stdout } = await finish(['plan', ...src, '--drop-last', '1', '--table', '0']);
    const line = /^Apply it +litt-rollback (.*)$/m.exec(stdout)?.[1];
    expect(line).to.be.a('string');
    execFileSync('bash', ['-c', `"$0" "$1" ${line} --yes`, process.execPath, COMMAND], { stdio: 'pipe' });
    expect((await finish(['plan', ...src, '--drop-last', '0', '--detailed-exitcode'])).code).to.equal(0);
    expect((await finish(['verify', ...src])).code).to.equal(0);
  });

  it('refuses roots that are none with a hint', async () => {
    const db = database('single-root');
    const hints: [string, string][] = [
      [join(db.roots[0]!, '0'), 'ERR_ROOT_IS_A_TABLE'],
      [join(db.roots[0]!, '0', 'segments'), 'ERR_ROOT_IS_A_SEGMENTS_DIRECTORY'],
      [join(db.dir, 'nowhere'), 'ERR_ROOT_NOT_FOUND'],
      [tempDir(), 'ERR_ROOT_WITHOUT_TABLE'],
    ];
    for (const [root, code] of hints) {
      for (const words of [['plan', '--drop-last', '1'], ['inspect'], ['keys'], ['verify']]) {
        const result = await finish([...words, '--src', root]);
        expect(
          [result.code, result.stderr.includes(code)],
          `${words} ${root}: ${result.stderr}`,
        ).to.deep.equal([3, true]);
      }
    }
  });
});

const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

describe('cli: another user', () => {
  before(function () {
    if (process.getuid?.() !== 0 || !installed('setpriv')) this.skip();
  });

  /** An unreadable database, in directories that may be entered. */
  function readable(name: string): ReturnType<typeof database> {
    const db = database(name);
    execFileSync('chmod', ['-R', 'a+rX', db.dir]);
    return db;
  }

  const asOther = { prefix: asNobody };

  it('names the file that it may not read', async () => {
    const db = readable('single-root');
    const path = join(db.roots[0]!, '0', 'segments');
    const keys = execFileSync('sh', ['-c', `ls ${path}/*.keys | tail -1`], { encoding: 'utf8' }).trim();
    chmodSync(keys, 0o600);
    const { code, stderr } = await finish(['plan', '--no-lock', ...db.src, '--drop-last', '1'], asOther);
    expect(code, stderr).to.equal(7);
    expect(stderr).to.contain(keys).and.to.contain('EACCES');
  });

  it('cannot lock what it may not write, says so, and leaves nothing behind', async () => {
    const db = readable('single-root');
    const before = treeOf(db.dir);
    for (const words of [['plan'], ['apply', '--yes']]) {
      const { code, stderr } = await finish([...words, ...db.src, '--drop-last', '1'], asOther);
      expect(code, stderr).to.equal(7);
      expect(stderr).to.contain('litt.lock').and.to.contain('EACCES').and.to.contain('--no-lock');
    }
    expectUntouched(db.dir, before);
  });

  it('may plan without a lock', async () => {
    const db = readable('single-root');
    const { code } = await finish(['plan', '--no-lock', ...db.src, '--drop-last', '1'], asOther);
    expect(code).to.equal(0);
  });

  it('tells that a lock is there that it may not read', async () => {
    const db = readable('single-root');
    const lock = join(db.roots[0]!, 'litt.lock');
    writeFileSync(lock, TEXT(process.pid), { mode: 0o600 });
    const { code, stderr } = await finish(['plan', ...db.src, '--drop-last', '1'], asOther);
    expect(code, stderr).to.equal(5);
    expect(stderr).to.contain('ERR_LOCK_UNREADABLE');
    // Whose it is cannot be told: it may be a node's.
    const { stdout } = await finish(['plan', '--no-lock', ...db.src, '--drop-last', '1'], asOther);
    expect(stdout).to.contain('Approximate: ');
  });

  it('works in a root that is a mount point, with a directory that only root may enter', async () => {
    const db = readable('single-root');
    const closed = join(db.roots[0]!, 'lost+found');
    execFileSync('chown', ['-R', '65534:65534', db.dir]);
    mkdirSync(closed, { mode: 0o700 });
    for (const words of [['plan'], ['apply', '--yes']]) {
      const { code, stderr } = await finish([...words, ...db.src, '--drop-last', '1'], asOther);
      expect(code, stderr).to.equal(0);
    }
    for (const words of [['inspect'], ['status'], ['undo'], ['resume']]) {
      const { code, stderr } = await finish([...words, ...db.src], asOther);
      expect(code, stderr).to.equal(0);
    }
    const above = await finish(['plan', '--src', db.dir, '--drop-last', '1'], asOther);
    expect(above.stderr).to.contain('ERR_ROOT_WITHOUT_TABLE').and.to.contain(db.roots[0]!);
  });

  it('gives what root writes to the owner of the database', async () => {
    const db = database('single-root');
    execFileSync('chown', ['-R', '65534:65534', db.dir]);
    const { code, stderr } = await finish(['apply', ...db.src, '--drop-last', '1', '--yes']);
    expect(code, stderr).to.equal(0);
    const foreign = execFileSync('find', [db.roots[0]!, '!', '-uid', '65534'], { encoding: 'utf8' });
    expect(foreign).to.equal('');
    expect(lstatSync(db.roots[0]!).uid).to.equal(65534);
    expect(readFileSync(join(db.dir, 'canary', '0.keys'), 'utf8')).to.equal('outside');
  });
});
