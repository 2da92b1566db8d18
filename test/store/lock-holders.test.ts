/** Whom a lock names, and what is said of it: locks of this program tell more than a number. */
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RollbackError } from '../../lib/errors.ts';
import { formatLockText } from '../../lib/format/lock-text.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks, inspectLock } from '../../lib/store/lock.ts';
import { thisProcess } from '../../lib/store/process-identity.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

describe('store/lock: its holder', () => {
  let dir = '';
  beforeEach(() => {
    dir = realFs.realpath(tempDir());
  });
  afterEach(() => removeTempDir(dir));

  const put = (text: string): void => writeFileSync(join(dir, 'litt.lock'), text);
  const refusal = (): RollbackError => {
    try {
      acquireLocks(realFs, [dir]);
    } catch (error) {
      return error as RollbackError;
    }
    throw new Error('the lock was taken');
  };

  it('is dead when its number was given out again: this program wrote down when it began', () => {
    put(formatLockText({ ...thisProcess(), pid: process.ppid, started: '1' }, LONG_AGO));
    expect(inspectLock(realFs, dir)).to.include({ state: 'stale', pid: process.ppid });
    acquireLocks(realFs, [dir]).release();
  });

  it('is dead when the machine was started since', () => {
    put(formatLockText({ ...thisProcess(), boot: 'another boot' }, LONG_AGO));
    expect(inspectLock(realFs, dir).state).to.equal('stale');
  });

  it('cannot be judged from another container: its lock stays, whatever its number means here', () => {
    const { pid } = spawnSync('true');
    put(formatLockText({ ...thisProcess(), pid, space: 'pid:[1]' }, LONG_AGO));
    expect(inspectLock(realFs, dir)).to.include({ state: 'elsewhere', pid });
    const { code, message } = refusal();
    expect(code).to.equal('ERR_LOCKED');
    expect(message).to.include('another container').and.include(join(dir, 'litt.lock'));
    expect(inspectLock(realFs, dir).state).to.equal('elsewhere');
  });

  it("is judged as the engine does where the lock is the engine's", () => {
    put(`PID: ${process.ppid}\nTimestamp: 2020-01-01T00:00:00Z\n`);
    expect(inspectLock(realFs, dir).state).to.equal('held');
    expect(refusal().message)
      .to.include('began after the lock was written')
      .and.include('--no-lock')
      .and.match(/process \d+ \(\S+\)/);
  });

  it('is told to have files of the database open, or none', async () => {
    const file = join(dir, 'x.keys');
    writeFileSync(file, '');
    const fd = openSync(file, 'r');
    const child = spawn('sleep', ['60'], { stdio: [fd, 'ignore', 'ignore'] });
    try {
      put(`PID: ${child.pid}\n`);
      expect(refusal().message)
        .to.include('It has files below this directory open')
        .and.match(/\(.?sleep.?\)/);
      put(`PID: ${process.ppid}\n`);
      expect(refusal().message).to.include('It has no file below this directory open');
    } finally {
      child.kill();
    }
  });

  it('is never asked to be stopped where it is process 1, or a thread', async () => {
    put('PID: 1\n');
    expect(refusal().message).not.to.match(/[sS]top process/);
    const own = readdirSync('/proc/self/task').find((tid) => tid !== String(process.pid));
    put(`PID: ${own}\n`);
    expect(refusal().message)
      .to.include('a thread of this very process')
      .and.not.match(/[sS]top process/);
  });
});
