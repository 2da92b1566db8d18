/** The preflight: what it tries, what it leaves, and what it says when a trial is refused. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { planRollback, type RollbackPlan, rollbackStatus } from '../../lib/index.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { apply, die, resume, run, type Trial, Trials, undoFinished } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { databaseTree, planOptions, unpackNamed } from '../helpers/transactions.ts';
import { named, treeDifferences, treeOf } from '../helpers/tree.ts';
import { errnoError } from '../proof/simulator/errno.ts';
import type { FaultyOp } from '../proof/simulator/faulty-fs.ts';

const PROBE = '/.litt-rollback/.probe.litt-rollback-tmp/';
/** Anything of a transaction. */
const IN_AREA = /\.litt-rollback\/\.?[0-9a-f]{8}-[0-9a-f-]{27}/;
const isTrialMove = ({ name, paths }: FaultyOp): boolean =>
  name === 'rename' && paths[1]?.includes(PROBE) === true;

/** The calls that come before anything of a transaction is made. */
const ofPreflight = (ops: readonly FaultyOp[]): readonly FaultyOp[] =>
  ops.slice(
    0,
    ops.findIndex(({ paths }) => paths.some((path) => IN_AREA.test(path))),
  );

for (const name of ['many-roots', 'snapshots', 'tail-with-hole']) {
  describe(`preflight that dies: ${name}`, () => {
    const trials = Trials.forSuite(name);

    /** What a person is told, and what the engine would find. */
    async function expectNothing(trial: Trial): Promise<void> {
      const isOurs = (path: string): boolean => path.endsWith('/..litt-rollback.litt-rollback-tmp');
      const tree = new Map([...databaseTree(trial.dir)].filter(([path]) => !isOurs(path)));
      expect(treeDifferences(trial.before, tree)).to.deep.equal([]);
      const { transactions, traces, lostJournals, blocks, unfinished, unreadable } = await rollbackStatus(
        trial.roots,
      );
      expect([transactions, traces, lostJournals, blocks, unfinished, unreadable]).to.deep.equal([
        ...[[], [], [], [], false, []],
      ]);
    }

    it('leaves nothing that misleads, and the next run clears that away', async () => {
      const whole = await trials.next();
      const calls = ofPreflight((await whole.run(apply, {})).ops).length;
      whole.end();
      expect(calls).to.be.greaterThan(10);
      const every = Math.max(1, Math.floor(calls / 25));
      let left = 0;
      for (let call = 0; call < calls; call += every) {
        const trial = await trials.next();
        await die(trial, apply, call);
        await expectNothing(trial);
        if (named(treeOf(trial.dir), /litt-rollback-tmp$/).length > 0) left++;
        if (call % 2 === 0) {
          await run(resume, trial);
          expect(await trial.state(trials.after), `resume after call ${call}`).to.equal('before');
        } else {
          await run(apply, trial);
          expect(await trial.state(trials.after), `apply after call ${call}`).to.equal('after, applied');
          await run(undoFinished, trial);
          expect(await trial.state(trials.after), `undo after call ${call}`).to.equal('before');
        }
        trial.end();
      }
      expect(left).to.be.greaterThan(3);
    });

    it('takes one call for what is moved, and none for what is cut where it is', async () => {
      const trial = await trials.next();
      const { ops } = await trial.run(apply, {});
      const steps = trial.plan.tables.flatMap((t) => t.steps);
      const tail = ops.filter(({ name: call, paths }) => call === 'rename' && paths[1]?.endsWith('.tail'));
      const moved = ofPreflight(ops).filter(isTrialMove);
      const sources = new Set(moved.map(({ paths }) => paths[0]));
      const ofSteps = moved.filter(({ paths: [path = ''] }) => steps.some((s) => path.endsWith(s.file.path)));
      expect(sources.size).to.equal(moved.length);
      expect(ofSteps.length).to.be.within(steps.length - tail.length, steps.length);
      expect(existsSync(join(trial.roots[0]!, '.litt-rollback', '.probe.litt-rollback-tmp'))).to.equal(false);
      trial.end();
    });
  });
}

describe('preflight that is refused', () => {
  /** An apply on a file system that is changed, which must be refused without a trace. */
  async function refused(
    name: string,
    change: (plan: RollbackPlan) => Partial<DurableFs>,
    groups = 0,
  ): Promise<{ code: string; path: string | undefined; text: string; plan: RollbackPlan }> {
    const unpacked = unpackNamed(name);
    const options = planOptions(unpacked);
    const plan = await planRollback(
      groups === 0 ? options : { ...options, target: { kind: 'drop-last', groups } },
    );
    const before = treeOf(unpacked.dir);
    const error = await rejection(applyWith({ ...realFs, ...change(plan) }, plan, [...plan.roots]));
    expect(treeDifferences(before, treeOf(unpacked.dir))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
    return { code: error.code, path: error.place.path, text: error.message, plan };
  }

  /** The rename of some files fails. */
  const notMoving =
    (errno: Parameters<typeof errnoError>[0], isThis: (path: string) => boolean) =>
    (): Partial<DurableFs> => ({
      rename: (from, to) => {
        if (isThis(from)) throw errnoError(errno, 'rename', from, to);
        realFs.rename(from, to);
      },
    });

  for (const errno of ['EPERM', 'EACCES', 'EROFS', 'EBUSY', 'EXDEV', 'ENOSPC'] as const) {
    it(`names the one file that does not move, and what helps: ${errno}`, async () => {
      const isThis = (path: string): boolean => path.endsWith('/segments/7-1.values');
      const { code, path, text } = await refused('single-root', notMoving(errno, isThis), 3);
      expect([code, isThis(path ?? '')], text).to.deep.equal(['ERR_PREFLIGHT', true]);
      expect(text)
        .to.match(/`[a-z-]+ |plain directory/)
        .and.to.contain('Nothing was changed');
    });
  }

  it('tells an error of the disk as that', async () => {
    const isThis = (path: string): boolean => path.endsWith('/keymap');
    const { code, path, text } = await refused('single-root', notMoving('EIO', isThis));
    expect([code, isThis(path ?? '')], text).to.deep.equal(['ERR_IO', true]);
  });

  it('names a directory on another device, such as a subvolume, though its files could be moved by a name', async () => {
    const { code, path, text } = await refused('many-roots', () => ({
      lstat: (at) => {
        const stat = realFs.lstat(at);
        return /root2\/Chunks\/segments(\/|$)/.test(at) ? { ...stat, dev: `${stat.dev}1` } : stat;
      },
    }));
    expect([code, path?.endsWith('root2/Chunks/segments')], text).to.deep.equal(['ERR_PREFLIGHT', true]);
  });

  it('is not misled by the devices of single files, which an overlay makes up', async () => {
    const unpacked = unpackNamed('single-root');
    const plan = await planRollback(planOptions(unpacked));
    const lstat: DurableFs['lstat'] = (at) => {
      const stat = realFs.lstat(at);
      return stat.kind === 'file' ? { ...stat, dev: '77' } : stat;
    };
    await applyWith({ ...realFs, lstat }, plan, [...plan.roots]);
    removeTempDir(unpacked.dir);
  });

  it('names a directory that takes names and gives none back, where nothing is moved and a bolt comes', async () => {
    for (const dir of ['root2/Chunks/segments', 'root3/Chunks/segments']) {
      const isIn = (path: string): boolean => dirname(path).endsWith(dir);
      const { code, path, text } = await refused('many-roots', notMoving('EPERM', isIn), 1);
      expect([code, path?.endsWith(dir)], text).to.deep.equal(['ERR_PREFLIGHT', true]);
    }
  });

  it('goes on beside files that are kept for themselves in such a directory', async () => {
    const unpacked = unpackNamed('many-roots');
    const options = planOptions(unpacked);
    const plan = await planRollback({ ...options, target: { kind: 'drop-last', groups: 1 } });
    const isKept = (path: string): boolean => /root3\/Chunks\/segments\/\d\D/.test(path);
    await applyWith({ ...realFs, ...notMoving('EPERM', isKept)() }, plan, [...plan.roots]);
    removeTempDir(unpacked.dir);
  });

  it('asks of links in the snapshot directory what it asks of files', async () => {
    const link = ({ snapshotDir }: RollbackPlan): string =>
      join(snapshotDir as string, 'blobs/segments/4.keys');
    const { code, path, plan } = await refused('snapshots', (p) =>
      notMoving('EXDEV', (from) => from === link(p))(),
    );
    expect([code, path]).to.deep.equal(['ERR_PREFLIGHT', link(plan)]);
  });

  it('names the file whose like may not be made, with its owner', async () => {
    const { code, path, text } = await refused(
      'single-root',
      () => ({
        copyAttributes: (from, to) => {
          throw errnoError('EPERM', 'copy attributes', from, to);
        },
      }),
      3,
    );
    expect([code, path?.endsWith('.metadata')], text).to.deep.equal(['ERR_PREFLIGHT', true]);
    expect(text).to.match(/owner \d+, group \d+, mode 6/);
  });

  it('tells the first error where what was made cannot be taken away either', async () => {
    const isThis = (path: string): boolean => path.endsWith('/segments/7.keys');
    const unpacked = unpackNamed('single-root');
    const plan = await planRollback({ ...planOptions(unpacked), target: { kind: 'drop-last', groups: 3 } });
    const removeTree = (path: string): void => {
      throw errnoError('EIO', 'rm', path);
    };
    const fs = { ...realFs, ...notMoving('EPERM', isThis)(), removeTree };
    const error = await rejection(applyWith(fs, plan, [...plan.roots]));
    expect([error.code, isThis(error.place.path ?? '')]).to.deep.equal(['ERR_PREFLIGHT', true]);
    await applyWith(realFs, plan, [...plan.roots]);
    expect(named(treeOf(unpacked.dir), /litt-rollback-tmp$/)).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });

  it('keeps a directory of this program that was there, with all that is in it', async () => {
    const unpacked = unpackNamed('single-root');
    const options = planOptions(unpacked);
    const own = join(options.roots[0] as string, '.litt-rollback');
    mkdirSync(own);
    writeFileSync(join(own, 'note'), 'mine');
    const plan = await planRollback({ ...options, target: { kind: 'drop-last', groups: 3 } });
    const before = treeOf(own);
    const isThis = (path: string): boolean => path.endsWith('/segments/7.keys');
    await rejection(applyWith({ ...realFs, ...notMoving('EPERM', isThis)() }, plan, [...plan.roots]));
    expect(treeDifferences(before, treeOf(own))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });
});
