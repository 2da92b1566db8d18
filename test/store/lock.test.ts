import { execFileSync, spawnSync } from 'node:child_process';
import nodeFs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ErrorCode, RollbackError } from '../../lib/errors.ts';
import { parseLockText } from '../../lib/format/lock-text.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks, inspectLock } from '../../lib/store/lock.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const isRoot = process.geteuid?.() === 0;
const SINCE = '2026-01-01T00:00:00Z';
const lockText = (pid: number | string): string => `PID: ${pid}\nTimestamp: ${SINCE}\n`;

/** The number of a process that has just ended. */
const deadPid = (): number => spawnSync('true').pid;

/** The real file system with some calls replaced. */
const withCalls = (calls: Partial<DurableFs>): DurableFs => ({ ...realFs, ...calls });

const failure = (code: string): Error => Object.assign(new Error(code), { code });

function refusal(run: () => unknown, code: ErrorCode): RollbackError {
  try {
    run();
  } catch (error) {
    expect(error).to.be.instanceOf(RollbackError);
    expect((error as RollbackError).code, String(error)).to.equal(code);
    return error as RollbackError;
  }
  return expect.fail('not refused');
}

describe('store/lock', () => {
  let dir = '';
  let path = '';
  beforeEach(() => {
    dir = tempDir();
    path = join(dir, 'litt.lock');
  });
  afterEach(() => removeTempDir(dir));

  const put = (text: string): void => nodeFs.writeFileSync(path, text, { mode: 0o600 });
  const content = (): string => nodeFs.readFileSync(path, 'utf8');

  it('takes a free lock as the engine would, and gives it back', () => {
    const locks = acquireLocks(realFs, [dir], { now: () => new Date(`${SINCE.slice(0, -1)}.987Z`) });
    expect(content()).to.match(
      new RegExp(`^${lockText(process.pid)}Boot: .*\\nStarted: \\d+\\nSpace: pid:.*\\n$`),
    );
    expect(realFs.lstat(path)).to.include({ kind: 'file', mode: 0o600, nlink: 1 });
    expect(realFs.readdir(dir)).to.deep.equal(['litt.lock']);
    expect(locks.dirs).to.deep.equal([dir]);
    expect(locks.paths).to.deep.equal([path]);
    locks.release();
    expect(realFs.readdir(dir)).to.deep.equal([]);
    put('another owner');
    locks.release();
    locks.restore();
    expect(content()).to.equal('another owner');
  });

  it('locks every directory once, in the order of real paths', () => {
    for (const name of ['b', 'a', 'c']) realFs.mkdir(join(dir, name));
    nodeFs.symlinkSync('a', join(dir, 'z'));
    const locks = acquireLocks(
      realFs,
      ['z', 'c', 'b', 'a'].map((name) => join(dir, name)),
    );
    expect(locks.dirs).to.deep.equal(['a', 'b', 'c'].map((name) => join(dir, name)));
    locks.release();
    refusal(() => acquireLocks(realFs, [join(dir, 'none')]), 'ERR_IO');
  });

  it('gives the lock to the owner of its directory', function () {
    if (!isRoot) return this.skip();
    nodeFs.chownSync(dir, 65534, 65533);
    const locks = acquireLocks(realFs, [dir]);
    expect(realFs.lstat(path)).to.include({ uid: 65534, gid: 65533, mode: 0o600 });
    locks.release();
  });

  it('refuses the lock of a living process, and names it', () => {
    put(lockText(process.ppid));
    const before = realFs.lstat(path);
    const error = refusal(() => acquireLocks(realFs, [dir]), 'ERR_LOCKED');
    expect(error.message).to.include(dir).and.include(`process ${process.ppid}`).and.include(SINCE);
    expect(error.place.path).to.equal(path);
    expect(realFs.lstat(path)).to.deep.equal(before);
    expect(inspectLock(realFs, dir)).to.deep.equal({
      state: 'held',
      pid: process.ppid,
      since: SINCE,
      text: lockText(process.ppid),
      path,
    });
  });

  it('does not lock what this process has locked already', () => {
    const locks = acquireLocks(realFs, [dir]);
    expect(refusal(() => acquireLocks(realFs, [dir]), 'ERR_LOCKED').message).to.include('this very process');
    locks.release();
    expect(inspectLock(realFs, dir)).to.deep.equal({ state: 'free' });
  });

  it('takes over the lock of a dead process', () => {
    for (const pid of [deadPid(), 0, -1, `+${deadPid()}`]) {
      put(lockText(pid));
      expect(inspectLock(realFs, dir).state, String(pid)).to.equal('stale');
      const locks = acquireLocks(realFs, [dir]);
      expect(parseLockText(content()).pid).to.equal(process.pid);
      expect(realFs.readdir(dir)).to.deep.equal(['litt.lock']);
      locks.release();
      expect(realFs.readdir(dir)).to.deep.equal([]);
    }
  });

  it('puts a stale lock back as it was', () => {
    const text = `${lockText(deadPid())}\xff and more\n`;
    put(text);
    nodeFs.chmodSync(path, 0o640);
    if (isRoot) nodeFs.chownSync(path, 65534, 65533);
    realFs.utimes(path, '1767225600123456000');
    const { ino: _, ...before } = realFs.lstat(path);
    const locks = acquireLocks(realFs, [dir]);
    locks.restore();
    expect(content()).to.equal(text);
    const { ino: __, ...after } = realFs.lstat(path);
    expect(after).to.deep.equal(before);
    expect(realFs.readdir(dir)).to.deep.equal(['litt.lock']);
    locks.release();
    expect(content()).to.equal(text);
  });

  it('removes its lock when the stale one cannot be put back', () => {
    put(lockText(deadPid()));
    let broken = false;
    const utimes = (p: string, t: string): void => {
      if (broken) throw failure('ENOSPC');
      realFs.utimes(p, t);
    };
    const locks = acquireLocks(withCalls({ utimes }), [dir]);
    broken = true;
    locks.restore();
    expect(realFs.readdir(dir)).to.deep.equal([]);
  });

  it('refuses locks that name no process, shows them, and leaves them alone', () => {
    const texts = ['', '\n', 'PID: x\n', 'an unfinished rollback\n', 'PID: 99999999999\n', ' pid: 1'];
    for (const text of texts) {
      put(text);
      const error = refusal(() => acquireLocks(realFs, [dir]), 'ERR_LOCK_UNREADABLE');
      expect(error.message)
        .to.include(dir)
        .and.include(text === '' ? 'nothing' : text.trim().slice(0, 5));
      expect(content()).to.equal(text);
      expect(inspectLock(realFs, dir)).to.include({ state: 'unreadable', pid: null, text });
    }
  });

  it('prints hostile text escaped and short', () => {
    put('\x1b[2J\u202e'.repeat(10_000));
    const { message } = refusal(() => acquireLocks(realFs, [dir]), 'ERR_LOCK_UNREADABLE');
    expect(message).to.match(/^[\x20-\x7e…]+$/);
    expect(message.length).to.be.below(3000);
  });

  it('never takes a lock over that is too long to read', () => {
    put(lockText(deadPid()) + ' '.repeat(1 << 20));
    expect(inspectLock(realFs, dir).state).to.equal('unreadable');
    refusal(() => acquireLocks(realFs, [dir]), 'ERR_LOCK_UNREADABLE');
  });

  it('refuses locks that are not regular files', () => {
    nodeFs.writeFileSync(join(dir, 'elsewhere'), lockText(deadPid()));
    nodeFs.symlinkSync('elsewhere', path);
    refusal(() => acquireLocks(realFs, [dir]), 'ERR_SYMBOLIC_LINK');
    refusal(() => inspectLock(realFs, dir), 'ERR_SYMBOLIC_LINK');
    nodeFs.unlinkSync(path);
    nodeFs.symlinkSync('nowhere', path);
    refusal(() => acquireLocks(realFs, [dir]), 'ERR_SYMBOLIC_LINK');
    nodeFs.unlinkSync(path);
    execFileSync('mkfifo', [path]);
    refusal(() => acquireLocks(realFs, [dir]), 'ERR_NOT_A_REGULAR_FILE');
    nodeFs.unlinkSync(path);
    nodeFs.mkdirSync(path);
    refusal(() => acquireLocks(realFs, [dir]), 'ERR_NOT_A_REGULAR_FILE');
  });

  it('waits for the text of a lock that has just been created', () => {
    put('');
    const readAt = (fd: number, buffer: Uint8Array, position: number): number => {
      const count = realFs.readAt(fd, buffer, position);
      if (count === 0) put(lockText(process.ppid));
      return count;
    };
    refusal(() => acquireLocks(withCalls({ readAt }), [dir]), 'ERR_LOCKED');
  });

  it('releases only what is still its own', () => {
    const replaced = acquireLocks(realFs, [dir]);
    nodeFs.unlinkSync(path);
    put(lockText(process.ppid));
    replaced.release();
    expect(content()).to.equal(lockText(process.ppid));
    nodeFs.unlinkSync(path);

    const rewritten = acquireLocks(realFs, [dir]);
    nodeFs.writeFileSync(path, 'An unfinished rollback: see resume\n');
    rewritten.release();
    expect(content()).to.include('unfinished');
    nodeFs.unlinkSync(path);

    const gone = acquireLocks(realFs, [dir]);
    nodeFs.unlinkSync(path);
    gone.release();
    expect(realFs.readdir(dir)).to.deep.equal([]);
  });

  it('tells which lock could not be removed, after trying all', () => {
    for (const name of ['a', 'b']) realFs.mkdir(join(dir, name));
    const stuck = join(dir, 'b/litt.lock');
    const unlink = (p: string): void => {
      if (p === stuck) throw failure('EIO');
      realFs.unlink(p);
    };
    const locks = acquireLocks(withCalls({ unlink }), [join(dir, 'a'), join(dir, 'b')]);
    const error = refusal(() => locks.release(), 'ERR_IO');
    expect(error.place.path).to.equal(stuck);
    expect(realFs.readdir(join(dir, 'a'))).to.deep.equal([]);
  });

  it('gives everything back when a later lock is not to be had', () => {
    const stale = lockText(deadPid());
    for (const name of ['a', 'b', 'c']) realFs.mkdir(join(dir, name));
    nodeFs.writeFileSync(join(dir, 'a/litt.lock'), stale);
    const link = (from: string, to: string): void => {
      if (to === join(dir, 'c/litt.lock')) throw failure('EROFS');
      realFs.link(from, to);
    };
    const dirs = ['a', 'b', 'c'].map((name) => join(dir, name));
    const error = refusal(() => acquireLocks(withCalls({ link }), dirs), 'ERR_IO');
    expect(error.message).to.include('EROFS').and.include('--no-lock');
    expect(nodeFs.readFileSync(join(dir, 'a/litt.lock'), 'utf8')).to.equal(stale);
    expect(realFs.readdir(join(dir, 'a'))).to.deep.equal(['litt.lock']);
    expect(realFs.readdir(join(dir, 'b'))).to.deep.equal([]);
    expect(realFs.readdir(join(dir, 'c'))).to.deep.equal([]);
  });
});
