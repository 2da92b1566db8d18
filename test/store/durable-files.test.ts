import nodeFs from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { parseSegmentFileName } from '../../lib/format/file-names.ts';
import { readSmallFile, temporaryName, writeFileDurably } from '../../lib/store/durable-files.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const isRoot = process.geteuid?.() === 0;

/** The real file system with a log of calls; `failAt` names the call that fails with EIO instead. */
function recording(failAt = ''): { fs: DurableFs; log: string[] } {
  const log: string[] = [];
  const fs = new Proxy(realFs, {
    get(target, name: keyof DurableFs) {
      return (...args: never[]) => {
        log.push(name);
        if (name === failAt) throw Object.assign(new Error(`EIO: ${name}`), { code: 'EIO' });
        return (target[name] as (...a: never[]) => unknown)(...args);
      };
    },
  });
  return { fs, log };
}

describe('store/durable-files', () => {
  let dir = '';
  const at = (name: string): string => join(dir, name);
  beforeEach(() => {
    dir = tempDir();
  });
  afterEach(() => removeTempDir(dir));

  function create(name: string, content: string): string {
    nodeFs.writeFileSync(at(name), content);
    return at(name);
  }

  describe('writeFileDurably', () => {
    it('goes through a synced temporary file and syncs the directory', () => {
      const { fs, log } = recording();
      writeFileDurably(fs, at('1.metadata'), Buffer.from('new'), { mode: 0o640 });
      expect(log.filter((call) => call !== 'lstat')).to.deep.equal(
        ['open', 'writeAt', 'chmod', 'fsync', 'close', 'rename', 'fsyncDir'], // no chown: the owner is right
      );
      expect(realFs.lstat(at('1.metadata'))).to.include({ mode: 0o640, size: 3 });
      expect(realFs.readdir(dir)).to.deep.equal(['1.metadata']);
    });

    it('replaces a file, whatever an interrupted write left', () => {
      create('f', 'old');
      create('.f.litt-rollback-tmp', 'half of a former attempt, longer than the new content');
      writeFileDurably(realFs, at('f'), Buffer.from('new'), { mode: 0o600 });
      expect(nodeFs.readFileSync(at('f'), 'utf8')).to.equal('new');
      expect(realFs.readdir(dir)).to.deep.equal(['f']);
    });

    it('writes no link that was put in the way, and nothing behind it', () => {
      create('victim', 'untouched');
      nodeFs.symlinkSync(at('victim'), temporaryName(at('f')));
      writeFileDurably(realFs, at('f'), Buffer.from('new'), { mode: 0o600 });
      expect(nodeFs.readFileSync(at('victim'), 'utf8')).to.equal('untouched');
      expect(realFs.lstat(at('f')).kind).to.equal('file');
    });

    for (const call of ['open', 'writeAt', 'chmod', 'fsync', 'close', 'rename'] as const) {
      it(`leaves the old file and nothing else when ${call} fails`, () => {
        create('f', 'old');
        const { fs, log } = recording(call);
        const write = (): void => writeFileDurably(fs, at('f'), Buffer.from('new'), { mode: 0o600 });
        expect(write).to.throw(`EIO: ${call}`);
        expect(nodeFs.readFileSync(at('f'), 'utf8')).to.equal('old');
        expect(realFs.readdir(dir)).to.deep.equal(['f']);
        const after = log.slice(log.indexOf(call) + 1).filter((c) => c !== 'close' && c !== 'unlink');
        expect(after).to.deep.equal([]);
      });
    }

    it('reports a directory that could not be synced', () => {
      const { fs } = recording('fsyncDir');
      const write = (): void => writeFileDurably(fs, at('f'), Buffer.from('new'), { mode: 0o600 });
      expect(write).to.throw('EIO: fsyncDir');
      expect(nodeFs.readFileSync(at('f'), 'utf8')).to.equal('new');
    });

    it('gives the file to its owner', function () {
      if (!isRoot) return this.skip();
      writeFileDurably(realFs, at('f'), Buffer.from('x'), { mode: 0o4755, uid: 65534, gid: 65533 });
      expect(realFs.lstat(at('f'))).to.include({ mode: 0o4755, uid: 65534, gid: 65533 });
    });

    it('prepares under names that the engine ignores', () => {
      for (const name of ['7.metadata', '7.keys', '7-0.values', '7.keys.swap', 'litt.lock', 'gc-watermark']) {
        const temporary = temporaryName(join('/r/t/segments', name));
        expect(temporary).to.match(/^\/r\/t\/segments\/\./);
        const base = temporary.slice('/r/t/segments/'.length);
        expect(parseSegmentFileName(base)).to.deep.equal({ kind: 'ignored' });
        expect(base.endsWith('.swap') || base.endsWith('litt.lock')).to.equal(false);
      }
    });
  });

  describe('readSmallFile', () => {
    it('reads files up to the limit', () => {
      expect(readSmallFile(realFs, create('f', '12345'), 5).toString()).to.equal('12345');
      expect(readSmallFile(realFs, create('empty', ''), 0)).to.have.length(0);
    });

    it('refuses longer files with the code it is given', () => {
      const path = create('f', '123456');
      const refuse = expect(() => readSmallFile(realFs, path, 5, 'ERR_WATERMARK')).to.throw(RollbackError);
      refuse.with.property('code', 'ERR_WATERMARK');
      expect(() => readSmallFile(realFs, path, 5)).to.throw(path);
    });

    it('refuses everything but regular files', () => {
      create('f', 'x');
      nodeFs.symlinkSync('f', at('link'));
      const read = (path: string) => (): unknown => readSmallFile(realFs, path, 5);
      expect(read(at('link')))
        .to.throw(RollbackError)
        .with.property('code', 'ERR_SYMBOLIC_LINK');
      expect(read(dir)).to.throw(RollbackError).with.property('code', 'ERR_NOT_A_REGULAR_FILE');
      expect(read('/dev/zero')).to.throw(RollbackError).with.property('code', 'ERR_NOT_A_REGULAR_FILE');
      expect(read(at('none')))
        .to.throw()
        .with.property('code', 'ENOENT');
    });

    it('notices a file that changes under its hands', () => {
      const path = create('f', 'x');
      for (const size of [0, 2]) {
        const fs = { ...realFs, lstat: (p: string) => ({ ...realFs.lstat(p), size }) };
        const read = expect(() => readSmallFile(fs, path, 5)).to.throw(RollbackError);
        read.with.property('code', 'ERR_CHANGED_WHILE_READING');
      }
    });
  });
});
