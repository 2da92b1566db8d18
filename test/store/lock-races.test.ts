/** What other processes may do between any two of our system calls, and a kill at every one of them. */
import { spawnSync } from 'node:child_process';
import nodeFs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { parseLockText } from '../../lib/format/lock-text.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks } from '../../lib/store/lock.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const lockText = (pid: number): string => `PID: ${pid}\nTimestamp: 2026-01-01T00:00:00Z\n`;
const deadPid = (): number => spawnSync('true').pid;
const LIVING = lockText(process.ppid);

/** The real file system, with something that happens right before call number `when` (from 0). */
function interrupted(when: number, happen: () => void): { fs: DurableFs; calls: () => number } {
  let count = 0;
  const fs = new Proxy(realFs, {
    get(target, name: keyof DurableFs) {
      return (...args: never[]) => {
        if (count++ === when) happen();
        return (target[name] as (...a: never[]) => unknown)(...args);
      };
    },
  });
  return { fs, calls: () => count };
}

/** The real file system until call number `when`: that one and all later ones are never made. */
function killedAt(when: number): DurableFs {
  let count = 0;
  return new Proxy(realFs, {
    get(target, name: keyof DurableFs) {
      return (...args: never[]) => {
        if (count++ >= when) throw new Error('killed');
        return (target[name] as (...a: never[]) => unknown)(...args);
      };
    },
  });
}

describe('store/lock between processes', () => {
  let dir = '';
  let path = '';
  let stale = '';
  const fresh = (): void => {
    dir = tempDir();
    path = join(dir, 'litt.lock');
    stale = lockText(deadPid());
    nodeFs.writeFileSync(path, stale, { mode: 0o600 });
  };
  const content = (): string => nodeFs.readFileSync(path, 'utf8');

  function countCalls(): number {
    fresh();
    const { fs, calls } = interrupted(-1, () => {});
    acquireLocks(fs, [dir]).restore();
    removeTempDir(dir);
    return calls();
  }

  it('never destroys a lock that another process takes meanwhile', () => {
    const total = countCalls();
    const outcomes = new Set<string>();
    for (let when = 0; when < total; when++) {
      fresh();
      let ino = '';
      // What an engine does that finds the stale lock as well: remove it, create its own.
      const { fs } = interrupted(when, () => {
        const found = nodeFs.existsSync(path) ? content() : '';
        if (found !== '' && found !== stale) return;
        nodeFs.rmSync(path, { force: true });
        nodeFs.writeFileSync(path, LIVING, { mode: 0o600 });
        ino = realFs.lstat(path).ino;
      });
      let outcome = 'locked';
      try {
        acquireLocks(fs, [dir]).release();
      } catch (error) {
        expect(error).to.be.instanceOf(RollbackError);
        outcome = (error as RollbackError).code;
      }
      outcomes.add(outcome);
      if (ino !== '') {
        expect(outcome, `before call ${when}`).to.equal('ERR_LOCKED');
        expect(content(), `before call ${when}`).to.equal(LIVING);
        expect(realFs.lstat(path)).to.include({ ino, nlink: 1 });
      }
      const names = realFs.readdir(dir);
      expect(names, `before call ${when}`).to.deep.equal(ino === '' ? [] : ['litt.lock']);
      removeTempDir(dir);
    }
    expect([...outcomes].sort()).to.deep.equal(['ERR_LOCKED', 'locked']);
  });

  it('is not disturbed by a lock that goes away meanwhile', () => {
    const total = countCalls();
    for (let when = 0; when < total; when++) {
      fresh();
      const { fs } = interrupted(when, () => {
        if (nodeFs.existsSync(path) && content() === stale) nodeFs.rmSync(path);
      });
      const locks = acquireLocks(fs, [dir]);
      expect(parseLockText(content()).pid).to.equal(process.pid);
      locks.release();
      expect(realFs.readdir(dir), `before call ${when}`).to.deep.equal([]);
      removeTempDir(dir);
    }
  });

  it('leaves after a kill at any call a lock that can be taken over, or none', () => {
    const total = countCalls();
    for (let when = 0; when < total; when++) {
      fresh();
      const fs = killedAt(when);
      try {
        acquireLocks(fs, [dir]).restore();
      } catch {
        // Killed.
      }
      if (nodeFs.existsSync(path)) expect(parseLockText(content()).pid, `at call ${when}`).to.not.equal(null);
      const next = acquireLocks(realFs, [dir], { isAlive: () => false });
      expect(realFs.readdir(dir), `at call ${when}`).to.deep.equal(['litt.lock']);
      next.release();
      expect(realFs.readdir(dir), `at call ${when}`).to.deep.equal([]);
      removeTempDir(dir);
    }
  });

  it('withdraws while another run has a lock aside, and comes back when it is done', () => {
    fresh();
    nodeFs.rmSync(path);
    const name = (age: number): string =>
      join(
        dir,
        `.litt.lock.${process.ppid}-${(Date.now() - age).toString(16)}-0123abcd-aside.litt-rollback-tmp`,
      );
    const aside = name(0);
    nodeFs.writeFileSync(aside, LIVING);
    expect(() => acquireLocks(realFs, [dir]))
      .to.throw(RollbackError)
      .with.property('code', 'ERR_LOCKED');
    expect(nodeFs.existsSync(path)).to.equal(false);
    expect(nodeFs.existsSync(aside)).to.equal(true);
    let looks = 0;
    const readdir = (d: string): string[] => {
      if (++looks === 4) nodeFs.rmSync(aside);
      return realFs.readdir(d);
    };
    acquireLocks({ ...realFs, readdir }, [dir]).release();
    // One that has lain there for long belongs to a killed process whose number is in use again.
    nodeFs.writeFileSync(name(60_000), LIVING);
    acquireLocks(realFs, [dir]).release();
    nodeFs.writeFileSync(name(7_200_000), LIVING);
    acquireLocks(realFs, [dir]).release();
    expect(realFs.readdir(dir)).to.have.length(1);
    removeTempDir(dir);
  });

  it('waits with the release while another run has our lock in hand', () => {
    fresh();
    let looks = -1;
    const aside = join(
      dir,
      `.litt.lock.${process.ppid}-${Date.now().toString(16)}-0123abcd-aside.litt-rollback-tmp`,
    );
    const readdir = (d: string): string[] => {
      if (looks >= 0 && ++looks === 3) nodeFs.renameSync(aside, path);
      return realFs.readdir(d);
    };
    const locks = acquireLocks({ ...realFs, readdir }, [dir]);
    nodeFs.renameSync(path, aside);
    looks = 0;
    locks.release();
    expect(looks).to.be.at.least(3);
    expect(realFs.readdir(dir)).to.deep.equal([]);
    removeTempDir(dir);
  });

  it('works where there are no hard links', () => {
    fresh();
    const link = (): void => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    };
    const locks = acquireLocks({ ...realFs, link }, [dir]);
    expect(parseLockText(content()).pid).to.equal(process.pid);
    locks.release();
    expect(realFs.readdir(dir)).to.deep.equal([]);
    removeTempDir(dir);
  });

  it('clears away what killed runs left, and nothing else', () => {
    fresh();
    const now = Date.now().toString(16);
    const left = [`.litt.lock.${deadPid()}-${now}-0123abcd-new.litt-rollback-tmp`];
    left.push(`.litt.lock.${deadPid()}-${now}-0123abcd-aside.litt-rollback-tmp`);
    const kept = [
      `.litt.lock.${process.ppid}-${now}-0123abcd-new.litt-rollback-tmp`,
      '.litt.lock.litt-rollback-tmp',
    ];
    kept.push('litt.lock.bak', `.litt.lock.${deadPid()}-new.litt-rollback-tmp`);
    for (const name of [...left, ...kept]) nodeFs.writeFileSync(join(dir, name), 'x');
    acquireLocks(realFs, [dir]).release();
    expect(realFs.readdir(dir).sort()).to.deep.equal(kept.sort());
    removeTempDir(dir);
  });
});
