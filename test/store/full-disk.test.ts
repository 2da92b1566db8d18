/** Locks on a full disk: a file of this program that means nothing any more becomes the lock. */
import nodeFs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { spareFiles } from '../../lib/store/area.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks, inspectLock, type LockSet } from '../../lib/store/lock.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const ID = '11111111-2222-4333-8444-555555555555';

const noRoom = (): never => {
  throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
};

/** No file can be made; on some file systems no link either. */
const full = (more: Partial<DurableFs> = {}): DurableFs => ({
  ...realFs,
  open: (path, flags) => (flags === 'wx' ? noRoom() : realFs.open(path, flags)),
  mkdir: noRoom,
  ...more,
});

describe('store: locks on a full disk', () => {
  let dir = '';
  let area = '';
  beforeEach(() => {
    dir = tempDir();
    area = join(dir, '.litt-rollback', ID);
    nodeFs.mkdirSync(area, { recursive: true });
    for (const name of ['undo.json', 'committed', 'done'])
      nodeFs.writeFileSync(join(area, name), `${name} `.repeat(40), { mode: 0o640 });
  });
  afterEach(() => removeTempDir(dir));

  const take = (fs: DurableFs): LockSet =>
    acquireLocks(fs, [dir], { spares: (at) => spareFiles(fs, at), isAlive: (pid) => pid === process.pid });
  const refusalOf = (run: () => unknown): RollbackError => {
    try {
      run();
    } catch (error) {
      if (error instanceof RollbackError) return error;
    }
    return expect.fail('not refused');
  };
  /** Names, modes and contents. */
  const tree = (): unknown =>
    nodeFs.readdirSync(dir, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = entry.isFile() ? nodeFs.readFileSync(path, 'utf8') : null;
      return [path, nodeFs.lstatSync(path).mode, text];
    });

  for (const [how, more] of [
    ['by a link', {}],
    ['by a rename, where a link takes an inode', { link: noRoom }],
  ] as const) {
    it(`become one ${how}, and what they were again`, () => {
      const before = tree();
      const locks = take(full(more));
      expect(inspectLock(realFs, dir)).to.include({ state: 'held', pid: process.pid });
      expect(realFs.lstat(join(dir, 'litt.lock'))).to.include({ mode: 0o600, nlink: 1 });
      expect(realFs.readdir(area)).to.have.members(['undo.json', 'done']);
      expect(locks.owns(dir)).to.equal(true);
      locks.restore();
      expect(tree()).to.deep.equal(before);
    });
  }

  it('are removed when the place of the file has gone', () => {
    const locks = take(full());
    nodeFs.rmSync(area, { recursive: true });
    locks.restore();
    expect(realFs.readdir(dir)).to.deep.equal(['.litt-rollback']);
  });

  it('leave the file of another process in its place', () => {
    const locks = take(full());
    nodeFs.rmSync(join(dir, 'litt.lock'));
    nodeFs.writeFileSync(join(dir, 'litt.lock'), 'of another');
    locks.restore();
    expect(nodeFs.readFileSync(join(dir, 'litt.lock'), 'utf8')).to.equal('of another');
  });

  it('take the place of the lock of a dead process', () => {
    const lock = join(dir, 'litt.lock');
    nodeFs.writeFileSync(lock, 'PID: 999999\n');
    const locks = take(full());
    expect(inspectLock(realFs, dir)).to.include({ state: 'held', pid: process.pid });
    locks.release();
    expect(realFs.readdir(dir)).to.deep.equal(['.litt-rollback']);
    expect(realFs.readdir(area)).to.contain('committed');
  });

  it('have the room of the lock of a dead process, where nothing else is to be had', () => {
    nodeFs.rmSync(join(area, 'committed'));
    nodeFs.writeFileSync(join(dir, 'litt.lock'), 'PID: 999999\n');
    const isFull = (): boolean => nodeFs.existsSync(join(dir, 'litt.lock'));
    const fs = full({
      open: (path, flags) => (flags === 'wx' && isFull() ? noRoom() : realFs.open(path, flags)),
    });
    const locks = take(fs);
    expect(inspectLock(realFs, dir)).to.include({ state: 'held', pid: process.pid });
    locks.release();
    expect(realFs.readdir(dir)).to.deep.equal(['.litt-rollback']);
  });

  it('are refused beside a living one, and where there is nothing to be had; purge is named', () => {
    const lock = join(dir, 'litt.lock');
    nodeFs.writeFileSync(lock, `PID: ${process.pid}\n`);
    const before = tree();
    expect(refusalOf(() => take(full())).code).to.equal('ERR_LOCKED');
    expect(tree()).to.deep.equal(before);
    nodeFs.rmSync(lock);
    nodeFs.rmSync(join(area, 'committed'));
    const left = tree();
    const error = refusalOf(() => take(full()));
    expect(error.code).to.equal('ERR_IO');
    expect(error.next).to.contain('`litt-rollback purge`');
    expect(tree()).to.deep.equal(left);
  });

  it('come only from closed transactions, and from what is discarded', () => {
    const names = (): string[] => spareFiles(realFs, dir).map((path) => path.slice(dir.length + 16));
    expect(names()).to.deep.equal([`${ID}/committed`]);
    nodeFs.renameSync(join(area, 'undo.json'), join(area, 'journal.json'));
    expect(names()).to.deep.equal([]);
    nodeFs.renameSync(area, join(dir, '.litt-rollback', `trash-${ID}`));
    expect(names()).to.have.members(
      ['committed', 'done', 'journal.json'].map((name) => `trash-${ID}/${name}`),
    );
  });
});
