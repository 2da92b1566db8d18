import { execFileSync } from 'node:child_process';
import nodeFs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { realFs } from '../../lib/store/durable-fs.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

describe('store/durable-fs', () => {
  let dir = '';
  const at = (name: string): string => join(dir, name);
  beforeEach(() => {
    dir = tempDir();
  });
  afterEach(() => removeTempDir(dir));

  function create(name: string, content: string): string {
    const fd = realFs.open(at(name), 'wx');
    realFs.writeAt(fd, Buffer.from(content), 0);
    realFs.close(fd);
    return at(name);
  }

  it('reads up to the end of a file and says how much there was', () => {
    const fd = realFs.open(create('f', 'hello'), 'r');
    const buffer = Buffer.alloc(8, '.');
    expect(realFs.readAt(fd, buffer, 1)).to.equal(4);
    expect(buffer.toString()).to.equal('ello....');
    expect(realFs.readAt(fd, buffer, 5)).to.equal(0);
    realFs.close(fd);
  });

  it('names the file in every error, also of calls that had only a descriptor', () => {
    const path = create('f', 'hello');
    const fd = realFs.open(path, 'r');
    const calls: (() => unknown)[] = [
      () => realFs.writeAt(fd, Buffer.from('x'), 0),
      () => realFs.truncate(fd, 1),
      () => realFs.fsyncDir(path),
      () => realFs.open(path, 'wx'),
    ];
    for (const call of calls) expect(call).to.throw().with.property('path', path);
    nodeFs.closeSync(fd);
    expect(() => realFs.fsync(fd))
      .to.throw()
      .with.property('path', path);
    expect(() => realFs.close(fd))
      .to.throw()
      .with.property('path', path);
  });

  it('writes on after short writes, and cuts', () => {
    const { writeSync } = nodeFs;
    const fd = realFs.open(create('f', '____'), 'r+');
    let calls = 0;
    nodeFs.writeSync = ((f: number, b: Uint8Array, offset: number, length: number, position: number) => {
      calls++;
      return writeSync(f, b, offset, Math.min(length, 3), position);
    }) as typeof writeSync;
    syncBuiltinESMExports();
    try {
      realFs.writeAt(fd, Buffer.from('0123456789'), 2);
    } finally {
      nodeFs.writeSync = writeSync;
      syncBuiltinESMExports();
    }
    expect(calls).to.equal(4);
    expect(nodeFs.readFileSync(at('f'), 'utf8')).to.equal('__0123456789');
    realFs.truncate(fd, 5);
    realFs.fsync(fd);
    realFs.close(fd);
    expect(realFs.lstat(at('f')).size).to.equal(5);
  });

  it('opens no symbolic link, replaces nothing when it creates, and hangs at no FIFO', () => {
    create('f', 'x');
    nodeFs.symlinkSync(at('f'), at('link'));
    expect(() => realFs.open(at('link'), 'r'))
      .to.throw()
      .with.property('code', 'ELOOP');
    expect(() => realFs.open(at('link'), 'r+'))
      .to.throw()
      .with.property('code', 'ELOOP');
    expect(() => realFs.open(at('link'), 'wx'))
      .to.throw()
      .with.property('code', 'EEXIST');
    expect(() => realFs.open(at('f'), 'wx'))
      .to.throw()
      .with.property('code', 'EEXIST');
    execFileSync('mkfifo', [at('pipe')]);
    realFs.close(realFs.open(at('pipe'), 'r'));
    expect(() => realFs.open(at('none'), 'r+'))
      .to.throw()
      .with.property('code', 'ENOENT');
  });

  it('describes what lies at a path', () => {
    create('f', 'abc');
    realFs.mkdir(at('d'));
    nodeFs.symlinkSync('f', at('l'));
    realFs.link(at('f'), at('g'));
    expect(realFs.lstat(at('f'))).to.include({ kind: 'file', size: 3, mode: 0o600, nlink: 2 });
    expect(realFs.lstat(at('f')).ino).to.equal(realFs.lstat(at('g')).ino);
    expect(realFs.lstat(at('d'))).to.include({ kind: 'directory', mode: 0o750 & ~process.umask() });
    expect(realFs.lstat(at('l')).kind).to.equal('link');
    expect(realFs.lstat('/dev/null').kind).to.equal('other');
    expect(realFs.readlink(at('l'))).to.equal('f');
    expect(realFs.realpath(at('l'))).to.equal(at('f'));
    expect(realFs.readdir(dir).sort()).to.deep.equal(['d', 'f', 'g', 'l']);
    expect(() => realFs.link(at('f'), at('g')))
      .to.throw()
      .with.property('code', 'EEXIST');
  });

  it('sets times to the microsecond', () => {
    create('f', '');
    for (const us of ['1700000000123456', '1', '1767225600999999', '1699999999000000']) {
      realFs.utimes(at('f'), `${us}789`);
      expect(realFs.lstat(at('f')).mtimeNs).to.equal(`${us}000`.replace(/^0+/, ''));
    }
  });

  it('removes trees but follows no link out of them', () => {
    realFs.mkdir(at('keep'));
    create('keep/precious', 'x');
    realFs.mkdir(at('tree'));
    realFs.mkdir(at('tree/sub'));
    create('tree/sub/f', 'x');
    nodeFs.symlinkSync(at('keep'), at('tree/sub/link'));
    expect(() => realFs.rmdir(at('tree')))
      .to.throw()
      .with.property('code', 'ENOTEMPTY');
    realFs.removeTree(at('tree'));
    expect(realFs.readdir(dir)).to.deep.equal(['keep']);
    expect(realFs.readdir(at('keep'))).to.deep.equal(['precious']);
  });

  it('shares blocks or leaves nothing behind, and never replaces a file', () => {
    create('from', 'content');
    create('there', 'other');
    if (realFs.reflink(at('from'), at('to'))) {
      expect(nodeFs.readFileSync(at('to'), 'utf8')).to.equal('content');
    } else {
      expect(realFs.readdir(dir)).to.not.include('to');
    }
    expect(() => realFs.reflink(at('from'), at('there')))
      .to.throw()
      .with.property('code', 'EEXIST');
    expect(nodeFs.readFileSync(at('there'), 'utf8')).to.equal('other');
  });

  it('passes the errors of the system through', () => {
    expect(() => realFs.fsyncDir(create('f', '')))
      .to.throw()
      .with.property('code', 'ENOTDIR');
    expect(() => realFs.unlink(at('none')))
      .to.throw()
      .with.property('code', 'ENOENT');
    expect(() => realFs.mkdir(at('f')))
      .to.throw()
      .with.property('code', 'EEXIST');
    expect(() => realFs.rename(at('none'), at('f')))
      .to.throw()
      .with.property('code', 'ENOENT');
    realFs.fsyncDir(dir);
  });
});
