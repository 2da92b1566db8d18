/** The file system in memory against the one of this machine. */
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { realFs } from '../../../lib/store/durable-fs.ts';
import { runs } from '../../helpers/arbitraries.ts';
import { removeTempDir, tempDir } from '../../helpers/temp.ts';
import { treeDifferences, treeOf } from '../../helpers/tree.ts';
import { MemoryFs } from './memory-fs.ts';
import { digest, dump, loadTree, writeOut } from './tree-io.ts';
import { type Call, Caller, call, comparable, plantTree } from './twin.ts';

/** Whether files here can share blocks. */
function hasReflinks(): boolean {
  const dir = tempDir('litt-reflink-');
  writeFileSync(join(dir, 'a'), 'shared');
  const can = realFs.reflink(join(dir, 'a'), join(dir, 'b'));
  removeTempDir(dir);
  return can;
}

describe('simulator/memory-fs', () => {
  it('answers, fails and ends up like the real file system', function () {
    this.timeout(240_000);
    const reflinks = hasReflinks();
    const umask = process.umask();
    const property = fc.property(fc.array(call, { minLength: 1, maxLength: 60 }), (calls: Call[]) => {
      const dir = tempDir('litt-twin-');
      const top = join(dir, 'top');
      realFs.mkdir(top);
      plantTree(top);
      const memory = loadTree(top, { umask, reflinks, uid: statSync(top).uid, gid: statSync(top).gid });
      const real = new Caller(realFs, top);
      const simulated = new Caller(memory, top);
      for (const [i, one] of calls.entries()) {
        const [wanted, got] = [real.make(one), simulated.make(one)];
        expect(got, `call ${i}: ${JSON.stringify(one)}`).to.deep.equal(wanted);
      }
      real.end();
      simulated.end();
      expect(memory.openDescriptors).to.equal(0);
      expect(comparable(dump(memory, top))).to.deep.equal(comparable(treeOf(top)));
      removeTempDir(dir);
    });
    fc.assert(property, runs(400));
  });

  it('is loaded with every field, and written out again', () => {
    const dir = tempDir();
    plantTree(dir);
    const memory = loadTree(dir);
    expect(treeDifferences(treeOf(dir), dump(memory, dir))).to.deep.equal([]);
    for (const path of ['.', 'a/f', 'h', 'l', 'lost'])
      expect({ ...memory.lstat(join(dir, path)), size: 0, nlink: 0 }).to.deep.equal({
        ...realFs.lstat(join(dir, path)),
        size: 0,
        nlink: 0,
      });
    const copy = join(dir, 'copy');
    writeOut(memory, dir, copy);
    expect(comparable(treeOf(copy))).to.deep.equal(comparable(dump(memory, dir)));
    removeTempDir(dir);
  });

  it('keeps clones apart, and sees equality', () => {
    const first = new MemoryFs();
    first.mkdir('/d');
    write(first, '/d/f', 'old');
    const second = first.clone();
    expect(digest(second, '/d')).to.equal(digest(first, '/d'));
    second.rename('/d/f', '/d/g');
    first.mkdir('/d/new');
    expect([first.readdir('/d'), second.readdir('/d')]).to.deep.equal([['f', 'new'], ['g']]);
    const fd = second.open('/d/g', 'r+');
    second.writeAt(fd, Buffer.from('!'), 1);
    expect([read(first, '/d/f'), read(second, '/d/g')]).to.deep.equal(['old', 'o!d']);
    expect(second.clone().openDescriptors).to.equal(0);
    second.rename('/d/g', '/d/f');
    first.rmdir('/d/new');
    expect(digest(second, '/d')).to.not.equal(digest(first, '/d'));
    second.writeAt(fd, Buffer.from('l'), 1);
    expect(digest(second, '/d')).to.equal(digest(first, '/d'));
    expect(dump(second, '/d', { identity: false })).to.deep.equal(dump(first, '/d', { identity: false }));
  });

  it('forgets nothing when many clones follow one another', () => {
    let fs = new MemoryFs();
    for (let i = 0; i < 200; i++) {
      fs = fs.clone();
      write(fs, `/${i}`, `${i}`);
      if (i >= 100) fs.unlink(`/${i - 100}`);
    }
    expect(fs.readdir('/').sort()).to.deep.equal(Array.from({ length: 100 }, (_, i) => `${i + 100}`).sort());
    expect(read(fs, '/150')).to.equal('150');
  });

  it('knows mounts, and closed descriptors', () => {
    const fs = new MemoryFs({ mounts: ['/disk', '/other'], reflinks: true });
    for (const dir of ['/disk', '/other', '/disk/sub']) fs.mkdir(dir);
    const fd = write(fs, '/disk/f', 'x');
    expect(fs.lstat('/disk/sub').dev).to.equal(fs.lstat('/disk/f').dev);
    expect(fs.lstat('/disk').dev).to.not.equal(fs.lstat('/other').dev);
    expect(codeOf(() => fs.rename('/disk/f', '/other/f'))).to.equal('EXDEV');
    expect(codeOf(() => fs.link('/disk/f', '/f'))).to.equal('EXDEV');
    expect(codeOf(() => fs.rename('/disk', '/elsewhere'))).to.equal('EBUSY');
    expect(codeOf(() => fs.rmdir('/other'))).to.equal('EBUSY');
    expect(fs.reflink('/disk/f', '/other/f')).to.equal(false);
    expect(fs.reflink('/disk/f', '/disk/g')).to.equal(true);
    expect(read(fs, '/disk/g')).to.equal('x');
    expect(fs.readdir('/other')).to.deep.equal([]);
    for (const use of [() => fs.fsync(fd), () => fs.close(fd), () => fs.truncate(fd, 0)])
      expect(codeOf(use)).to.equal('EBADF');
    expect(codeOf(() => fs.lstat(''))).to.equal('ENOENT');
  });

  it('reads and writes through a descriptor whose file has moved or is gone', () => {
    const fs = new MemoryFs();
    write(fs, '/f', 'abc');
    const fd = fs.open('/f', 'r+');
    fs.rename('/f', '/g');
    fs.writeAt(fd, Buffer.from('X'), 0);
    expect(read(fs, '/g')).to.equal('Xbc');
    fs.unlink('/g');
    const buffer = Buffer.alloc(3);
    expect([fs.readAt(fd, buffer, 0), buffer.toString()]).to.deep.equal([3, 'Xbc']);
  });

  it('loads mounts, and refuses a path that is not real', () => {
    const dir = tempDir();
    realFs.mkdir(join(dir, 'disk'));
    symlinkSync(join(dir, 'disk'), join(dir, 'link'));
    const fs = loadTree(dir, { mounts: [join(dir, 'disk')] });
    expect(fs.lstat(join(dir, 'disk')).dev).to.not.equal(fs.lstat(dir).dev);
    expect(fs.realpath(join(dir, 'link'))).to.equal(join(dir, 'disk'));
    expect(existsSync(join(dir, 'link'))).to.equal(true);
    expect(() => loadTree(join(dir, 'link'))).to.throw('not a real path');
    removeTempDir(dir);
  });
});

function write(fs: MemoryFs, path: string, text: string): number {
  const fd = fs.open(path, 'wx');
  fs.writeAt(fd, Buffer.from(text), 0);
  fs.close(fd);
  return fd;
}

function read(fs: MemoryFs, path: string): string {
  const buffer = Buffer.alloc(fs.lstat(path).size);
  const fd = fs.open(path, 'r');
  fs.readAt(fd, buffer, 0);
  fs.close(fd);
  return buffer.toString();
}

function codeOf(use: () => void): string | undefined {
  try {
    use();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return undefined;
}
