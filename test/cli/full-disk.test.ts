/** A disk without a free byte and without a free inode: what frees space needs none. */
import { execFileSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback } from '../../lib/index.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, type MayDiffer, treeDifferences, treeOf } from '../helpers/tree.ts';
import { database, finish } from './process.ts';

/** Size of the file system in memory (bytes), and how many files it holds. */
const SIZE = 4 * 1024 * 1024;
const FILES = 400;

/** A file system of its own, full. */
class FullDisk {
  private readonly at = tempDir('litt-full-');
  readonly root = join(this.at, 'db');
  readonly src = ['--src', this.root];

  mount(): void {
    const options = `size=${SIZE},nr_inodes=${FILES}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', this.at], { stdio: 'pipe' });
  }

  unmount(): void {
    execFileSync('umount', [this.at]);
  }

  fillBytes(): void {
    const fd = openSync(join(this.at, 'bytes'), 'w');
    const block = Buffer.alloc(4096);
    try {
      for (;;) writeSync(fd, block);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).to.equal('ENOSPC');
    } finally {
      closeSync(fd);
    }
  }

  fillInodes(): void {
    mkdirSync(join(this.at, 'inodes'));
    for (let n = statfsSync(this.at).ffree; n > 0; n--)
      closeSync(openSync(join(this.at, 'inodes', String(n)), 'w'));
  }

  clear(): void {
    rmSync(join(this.at, 'bytes'), { force: true });
    rmSync(join(this.at, 'inodes'), { force: true, recursive: true });
  }
}

describe('cli: a full disk', function () {
  this.timeout(120_000);
  let disk: FullDisk;

  beforeEach(async function () {
    disk = new FullDisk();
    try {
      disk.mount();
    } catch {
      this.skip(); // in most containers; test/store/full-disk.test.ts needs no mount
    }
    cpSync(database('single-root').roots[0]!, disk.root, { recursive: true });
    const target = { kind: 'drop-last', groups: 2 } as const;
    for (let i = 0; i < 2; i++) await applyPlan(await planRollback({ roots: [disk.root], target }));
  });

  afterEach(() => disk.unmount());

  const areas = (): string[] =>
    readdirSync(join(disk.root, '.litt-rollback')).filter((name) => !name.includes('.'));

  for (const what of ['bytes', 'inodes'] as const) {
    const fill = (): void => (what === 'bytes' ? disk.fillBytes() : disk.fillInodes());

    it(`purges without free ${what}, and leaves everything as it was without the word`, async () => {
      fill();
      const before = treeOf(disk.root);
      const refused = await finish(['purge', ...disk.src]);
      expect(refused.code, refused.stderr).to.equal(3);
      expect(refused.stderr).to.contain('ERR_NOT_CONFIRMED');
      // A mark was the lock, and its time is given back to the microsecond.
      const mayDiffer: MayDiffer = (path, field) => path.endsWith('/committed') && field === 'mtime';
      expect(treeDifferences(before, treeOf(disk.root), mayDiffer)).to.deep.equal([]);
      const { code, stdout, stderr } = await finish(['purge', ...disk.src, '--yes']);
      expect(code, stderr).to.equal(0);
      expect(stdout)
        .to.contain('Freed')
        .and.to.match(/it was\s+written\s+once\s+there\s+was\s+room\s+again/);
      expect(areas()).to.deep.equal([]);
      expect(readdirSync(disk.root)).not.to.contain('litt.lock');
      const { stdout: history } = await finish(['status', ...disk.src, '--history']);
      expect(history.match(/purge/g)).to.have.length.of.at.least(2);
    });

    it(`says that ${what} are used up, and that purge works`, async () => {
      fill();
      const before = treeOf(disk.root);
      for (const words of [['plan', '--drop-last', '1'], ['undo']]) {
        const { code, stderr } = await finish([...words, ...disk.src]);
        expect(code, stderr).to.equal(7);
        expect(stderr).to.contain(what === 'bytes' ? 'no space left' : 'no inodes left on device');
        expect(stderr).to.contain(what === 'bytes' ? 'Free some space' : '`df -i`');
        expect(stderr).to.contain(`litt-rollback purge --src ${disk.root}`);
        expectUntouched(disk.root, before);
      }
    });
  }
});
