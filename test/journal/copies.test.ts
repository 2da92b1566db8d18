/** Files made like others, on file systems that share blocks, forbid writing, or have no second names. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { planRollback, rollbackStatus } from '../../lib/index.ts';
import { createCopy, createPrefix } from '../../lib/journal/copy-ranges.ts';
import { resumeWith } from '../../lib/recover/resume.ts';
import { undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import {
  apply,
  replanned,
  run,
  Trials,
  undoFinished,
  undoUnfinished,
  type Work,
} from '../helpers/interruptions.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree, planOptions, unpackNamed } from '../helpers/transactions.ts';
import { named, treeDifferences, treeOf } from '../helpers/tree.ts';
import { errnoError } from '../proof/simulator/errno.ts';

/** Shares blocks, in its answers, and obeys modes, as the kernel does for a user other than root. */
const sharing: DurableFs = {
  ...realFs,
  reflink: (from, to) => {
    copyFileSync(from, to);
    return true;
  },
  open: (path, flags, mode) => {
    if (flags === 'r+' && (realFs.lstat(path).mode & 0o200) === 0) throw errnoError('EACCES', 'open', path);
    return realFs.open(path, flags, mode);
  },
};

describe('journal/copy-ranges', () => {
  let dir = '';
  const at = (name: string): string => join(dir, name);
  beforeEach(() => {
    dir = tempDir();
    writeFileSync(at('old'), 'what stays, what goes');
    chmodSync(at('old'), 0o440);
    utimesSync(at('old'), 1000, 2000.5);
  });
  afterEach(() => removeTempDir(dir));

  for (const [name, fs] of Object.entries({ sharing, 'without shared blocks': realFs })) {
    it(`makes the prefix of a file that may not be written: ${name}`, () => {
      createPrefix(fs, at('new'), { path: at('old'), stat: realFs.lstat(at('old')) }, 11);
      expect([readFileSync(at('new'), 'utf8'), lstatSync(at('new')).mode & 0o7777]).to.deep.equal([
        'what stays,',
        0o440,
      ]);
    });

    it(`copies a file with its times: ${name}`, () => {
      for (const copyAttributes of [fs.copyAttributes, () => false]) {
        const model = { path: at('old'), stat: realFs.lstat(at('old')) };
        createCopy({ ...fs, copyAttributes }, at('new'), model);
        const { mode, mtimeMs } = lstatSync(at('new'));
        expect([mode & 0o7777, mtimeMs, readFileSync(at('new'), 'utf8')]).to.deep.equal([
          ...[0o440, 2_000_500, 'what stays, what goes'],
        ]);
      }
    });
  }

  for (const errno of ['EPERM', 'ENOTSUP', 'EMLINK'] as const) {
    it(`keeps what it replaces by a copy where no link is to be had: ${errno}`, async () => {
      const unpacked = unpackNamed('single-root');
      const plan = await planRollback({ ...planOptions(unpacked), target: { kind: 'drop-last', groups: 3 } });
      const before = databaseTree(unpacked.dir);
      const gone: string[] = [];
      const fs: DurableFs = {
        ...realFs,
        link: (from, to) => {
          throw errnoError(errno, 'link', from, to);
        },
        rename: (from, to) => {
          if (/\.metadata$/.test(from) && to.endsWith('.original')) gone.push(from);
          realFs.rename(from, to);
        },
      };
      await applyWith(fs, plan, [...plan.roots]);
      expect(gone, 'names that were away for a while').to.deep.equal([]);
      await undoWith(fs, plan.roots, [...plan.roots], {});
      const inode = (tree: typeof before) =>
        new Map([...tree].map(([path, { ino: _, ...rest }]) => [path, rest]));
      expect(treeDifferences(inode(before), inode(databaseTree(unpacked.dir)))).to.deep.equal([]);
      removeTempDir(unpacked.dir);
    });
  }
});

describe('a file that gets no further link, and has some', () => {
  const trials = Trials.forSuite('single-root');

  /** The same file system without links. */
  const unlinking = (fs: DurableFs): DurableFs =>
    new Proxy(fs, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (name === 'link')
          return (from: string, to: string) => {
            throw errnoError('EPERM', 'link', from, to);
          };
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const without: Work = (fs, trial) => apply(unlinking(fs), trial);

  it('goes itself, and comes back, wherever the exchange dies', async () => {
    const { ops } = await (await trials.next()).run(without, {});
    const from = ops.findIndex(({ paths }) => /kept\/\d+\.new$/.test(paths.at(-1) ?? ''));
    const to = ops.findLastIndex(({ paths }) => /kept\/\d+\.new$/.test(paths[0] ?? ''));
    expect(to - from).to.be.greaterThan(10);
    let moved = 0;
    for (let call = from; call <= to + 2; call++) {
      const made = await trials.next();
      const segments = join(made.roots[0]!, '0/segments');
      const backup = join(made.dir, 'backup');
      mkdirSync(backup);
      for (const name of readdirSync(segments)) linkSync(join(segments, name), join(backup, name));
      const trial = await replanned(made);
      await trial.run(without, { crashAt: call });
      if (named(treeOf(trial.dir), /\.original$/).length > 0) moved++;
      if (call % 2 === 0) await resumeWith(unlinking(realFs), trial.roots, {});
      const { transactions } = await rollbackStatus(trial.roots);
      if (transactions.some(({ state }) => state === 'unfinished')) await run(undoUnfinished, trial);
      else if (transactions.length > 0) await run(undoFinished, trial);
      expect(treeDifferences(trial.before, databaseTree(trial.dir)), `call ${call}`).to.deep.equal([]);
      trial.end();
    }
    expect(moved).to.be.greaterThan(3);
  });
});
