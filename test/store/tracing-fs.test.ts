/** What tracing writes of each call, and that callers notice no difference. */
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { quoted, traceCalls, tracingFs } from '../../lib/store/tracing-fs.ts';
import { runs } from '../helpers/arbitraries.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { MemoryFs } from '../proof/simulator/memory-fs.ts';
import { dump, loadTree } from '../proof/simulator/tree-io.ts';
import { type Call, Caller, call, comparable, plantTree } from '../proof/simulator/twin.ts';

const NAMES = Object.keys(realFs) as (keyof DurableFs)[];

/** A file system that notes the names of the calls that reach it. */
function counting(fs: DurableFs, names: string[]): DurableFs {
  const each = (name: keyof DurableFs) => [
    name,
    (...args: never[]): unknown => {
      names.push(name);
      return (fs[name] as (...given: never[]) => unknown).apply(fs, args);
    },
  ];
  return Object.fromEntries(NAMES.map(each)) as unknown as DurableFs;
}

/** A line without how long the call took. */
const timeless = (line: string): string => line.replace(/ {2}\d+\.\d{3} ms$/, '');

/** Makes every call that there is, two of them in vain. */
function callAll(fs: DurableFs): void {
  fs.mkdir('/d', 0o750);
  fs.mkdir('/d/e');
  const fd = fs.open('/d/f', 'wx');
  fs.writeAt(fd, Buffer.from('a secret'), 2);
  fs.truncate(fd, 9);
  fs.chmod(fd, 0o640);
  fs.chown(fd, 0, 0);
  fs.fsync(fd);
  fs.readAt(fd, Buffer.alloc(20), 1);
  fs.close(fd);
  expect(() => fs.fsync(fd)).to.throw('EBADF');
  fs.fsyncDir('/d');
  fs.link('/d/f', '/d/g\n"');
  fs.reflink('/d/f', '/d/h');
  fs.rename('/d/g\n"', '/d/i');
  fs.utimes('/d/i', '1234567890123456000');
  fs.copyAttributes('/d/f', '/d/h', 'times');
  fs.readdir('/d');
  fs.realpath('/d/e/..');
  expect(() => fs.readlink('/d/f')).to.throw('EINVAL');
  fs.freeBytes('/d');
  fs.freeInodes('/d');
  fs.mayWrite('/d');
  fs.mountPoints();
  fs.unlink('/d/i');
  fs.rmdir('/d/e');
  fs.lstat('/d/f');
  fs.removeTree('/d');
}

describe('store/tracing-fs', () => {
  it('writes one line for each call, with what was asked and what came back', () => {
    const lines: string[] = [];
    callAll(tracingFs(new MemoryFs({ reflinks: true }), (line) => lines.push(line)));
    expect(lines.map(timeless).map((line) => line.replace(/inode \d+$/, 'inode N'))).to.deep.equal([
      'mkdir  "/d" 0750  ok',
      'mkdir  "/d/e"  ok',
      'open  "/d/f" wx  ok #1000',
      'writeAt  #1000 "/d/f" 8 bytes at 2  ok',
      'truncate  #1000 "/d/f" to 9 bytes  ok',
      'chmod  #1000 "/d/f" 0640  ok',
      'chown  #1000 "/d/f" 0:0  ok',
      'fsync  #1000 "/d/f"  ok',
      'readAt  #1000 "/d/f" 20 bytes at 1  ok 8 bytes',
      'close  #1000 "/d/f"  ok',
      'fsync  #1000 "?"  EBADF',
      'fsyncDir  "/d"  ok',
      String.raw`link  "/d/f" -> "/d/g\n\""  ok`,
      'reflink  "/d/f" -> "/d/h"  ok true',
      String.raw`rename  "/d/g\n\"" -> "/d/i"  ok`,
      'utimes  "/d/i" 1234567890123456000  ok',
      'copyAttributes  "/d/f" -> "/d/h" times  ok true',
      'readdir  "/d"  ok 4 names',
      'realpath  "/d/e/.."  ok "/d"',
      'readlink  "/d/f"  EINVAL',
      'freeBytes  "/d"  ok 1099511627776',
      'freeInodes  "/d"  ok null',
      'mayWrite  "/d"  ok true',
      'mountPoints    ok 0 mount points',
      'unlink  "/d/i"  ok',
      'rmdir  "/d/e"  ok',
      'lstat  "/d/f"  ok file 9 bytes 0640 inode N',
      'removeTree  "/d"  ok',
    ]);
    expect(new Set(lines.map((line) => line.split(' ')[0]))).to.deep.equal(new Set(NAMES));
    expect(lines.join()).not.to.contain('secret');
  });

  it('changes neither answers nor errors nor the tree, and lets each call through once', () => {
    const dir = tempDir();
    plantTree(dir);
    const property = fc.property(fc.array(call, { minLength: 1, maxLength: 40 }), (calls: Call[]) => {
      const [lines, names]: [string[], string[]] = [[], []];
      const [bare, watched] = [loadTree(dir), loadTree(dir)];
      const plain = new Caller(bare, dir);
      const traced = new Caller(
        tracingFs(counting(watched, names), (line) => lines.push(line)),
        dir,
      );
      for (const one of calls) expect(traced.make(one)).to.deep.equal(plain.make(one));
      plain.end();
      traced.end();
      expect(lines.map((line) => line.split(' ')[0])).to.deep.equal(names);
      for (const line of lines)
        expect(line).to.match(/^[\x20-\x7e]+ {2}(ok[^"]*( ".*")?|E[A-Z]+) {2}\d+\.\d{3} ms$/);
      expect(comparable(dump(watched, dir))).to.deep.equal(comparable(dump(bare, dir)));
    });
    fc.assert(property, runs(150));
    removeTempDir(dir);
  });

  it('passes on the very error, also one without an errno', () => {
    const error = new TypeError('odd\nerror');
    const lines: string[] = [];
    const fs = tracingFs(
      {
        ...realFs,
        readdir: () => {
          throw error;
        },
      },
      (line) => lines.push(line),
    );
    expect(() => fs.readdir('x'))
      .to.throw()
      .that.equals(error);
    expect(lines.map(timeless)).to.deep.equal([String.raw`readdir  "x"  "TypeError: odd\nerror"`]);
  });

  it('says when a call began', () => {
    const began: number[] = [];
    const before = performance.now();
    const slow = {
      ...realFs,
      fsyncDir: () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      },
    };
    const lines: string[] = [];
    tracingFs(slow, (line, at) => {
      lines.push(line);
      began.push(at);
    }).fsyncDir('x');
    const took = Number(/(\S+) ms$/.exec(lines[0]!)?.[1]);
    expect(took).to.be.at.least(19);
    expect(began[0]).to.be.within(before, performance.now() - took + 1);
  });

  it('can be put into a file system that others hold already', () => {
    const dir = tempDir();
    const fs = { ...realFs };
    const holder = { fs };
    const lines: string[] = [];
    traceCalls(fs, (line) => lines.push(line));
    holder.fs.mkdir(join(dir, 'made'));
    expect(holder.fs.readdir(dir)).to.deep.equal(['made']);
    expect(lines.map(timeless)).to.deep.equal([
      `mkdir  ${quoted(join(dir, 'made'))}  ok`,
      `readdir  ${quoted(dir)}  ok 1 names`,
    ]);
    removeTempDir(dir);
  });

  it('quotes whatever a name may hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(quoted(name)).to.match(/^"[\x20-\x7e]*"$/);
        expect(JSON.parse(quoted(name))).to.equal(name);
      }),
    );
    expect(quoted('\u009b\u2028ü\u007f')).to.equal(String.raw`"\u009b\u2028\u00fc\u007f"`);
  });
});
