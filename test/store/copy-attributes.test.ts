/** Attributes copied by a command of the system, and the systems that have none. */
import { chmodSync, lstatSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { bytesOfName } from '../../lib/format/foreign-bytes.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

describe('store/copy-attributes', () => {
  let dir = '';
  const { PATH } = process.env;
  beforeEach(() => {
    dir = tempDir();
  });
  afterEach(() => {
    process.env['PATH'] = PATH;
    removeTempDir(dir);
  });

  /** Two files with other modes and times; the names may be bytes. */
  function files(from: string, to: string): [string, string] {
    const [a, b] = [join(dir, from), join(dir, to)];
    for (const path of [a, b]) writeFileSync(bytesOfName(path), path);
    chmodSync(bytesOfName(a), 0o2715);
    utimesSync(bytesOfName(a), 1000.5, 2000.25);
    return [a, b];
  }

  /** The module, with nothing found out yet, on a system with this command in the place of `cp`. */
  async function withCommand(script: string): Promise<typeof realFs.copyAttributes> {
    writeFileSync(join(dir, 'cp'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env['PATH'] = `${dir}:${PATH}`;
    const fresh: string = `../../lib/store/copy-attributes.ts?${Math.random()}`;
    const { copyAttributes } = (await import(fresh)) as typeof import('../../lib/store/copy-attributes.ts');
    return (from, to, what) => copyAttributes(from, to, what, realFs);
  }

  for (const [from, to] of [
    ['a', 'b'],
    ['-r', '--help'],
    ['\udce4 from', 'to \udcff'],
  ] as const) {
    it(`copies what was asked for, and no content: ${JSON.stringify([from, to])}`, () => {
      const [a, b] = files(from, to);
      const old = lstatSync(bytesOfName(b));
      expect(realFs.copyAttributes(a, b, 'access')).to.equal(true);
      const { mode, mtimeMs, size } = lstatSync(bytesOfName(b));
      expect([mode & 0o7777, mtimeMs, size]).to.deep.equal([0o2715, old.mtimeMs, old.size]);
      expect(realFs.copyAttributes(a, b, 'times')).to.equal(true);
      expect(lstatSync(bytesOfName(b)).mtimeMs).to.equal(2_000_250);
    });
  }

  it('says that a system has no way to, and changes nothing', async () => {
    const [a, b] = files('a', 'b');
    const before = lstatSync(b);
    const without = [
      "echo 'cp: unrecognized option: attributes-only' >&2; exit 1",
      'case "$*" in *--version*) exit 0;; esac; echo "cp: cannot preserve extended attributes, cp is built without xattr support" >&2; exit 1',
    ];
    for (const script of without) {
      const copy = await withCommand(script);
      expect([copy(a, b, 'access'), copy(a, b, 'times')], script).to.deep.equal([false, false]);
    }
    expect(lstatSync(b).mode).to.equal(before.mode);
  });

  it('throws what the system says, with the file', async () => {
    const [a, b] = files('a', 'b');
    const failing = async (words: string) =>
      withCommand(
        `case "$*" in *--version*) exit 0;; esac; echo "cp: setting attribute '\\''user.a'\\'': ${words}" >&2; exit 1`,
      );
    for (const [words, code] of [
      ['Operation not permitted', 'EPERM'],
      ['No space left on device', 'ENOSPC'],
      ['Operation not supported', 'ENOTSUP'],
      ['the moon is full', 'EIO'],
    ] as const) {
      const copy = await failing(words);
      expect(() => copy(a, b, 'access'), words)
        .to.throw(words)
        .that.includes({ code, path: b });
    }
  });
});
