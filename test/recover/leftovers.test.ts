/** What an interrupted run leaves besides a journal, and who may clear it away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { resumeRollback, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { type Fence, raiseFence } from '../../lib/store/fence.ts';
import { thisProcess } from '../../lib/store/process-identity.ts';
import { apply, die, type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

const ID = '01234567-89ab-4cde-8f01-23456789abcd';

const fence = (root: string): Fence => ({ id: ID, begunAt: new Date(), roots: [root], snapshotDir: null });

describe('what an interrupted run leaves', () => {
  const trials = Trials.forSuite('many-roots');

  const area = (root: string): string => {
    const path = join(root, '.litt-rollback', ID);
    mkdirSync(join(path, 'kept'), { recursive: true });
    return path;
  };
  const LEFT: Readonly<Record<string, (root: string) => void>> = {
    'a fence': (root) => {
      area(root);
      raiseFence(realFs, root, fence(root));
    },
    'an area without a document': (root) => area(root),
    'a half-written document': (root) =>
      writeFileSync(join(area(root), '.journal.json.litt-rollback-tmp'), '{'),
    'an area out of sight': (root) => renameSync(area(root), join(root, '.litt-rollback', `trash-${ID}`)),
    'a half-written lock': (root) => writeFileSync(join(root, '.litt.lock.litt-rollback-tmp'), ''),
    'a half-written memory of the roots': (root) => {
      mkdirSync(join(root, '.litt-rollback'), { recursive: true });
      writeFileSync(join(root, '.litt-rollback', '.root-set.json.litt-rollback-tmp'), '');
    },
  };

  for (const [what, leave] of Object.entries(LEFT)) {
    it(`is cleared away by resume: ${what}`, async () => {
      const trial = await trials.next();
      leave(trial.roots[1]!);
      expect((await resumeRollback(trial.roots)).action).to.equal('cleaned');
      expect(await trial.state(trials.after)).to.equal('before');
      const own = [...treeOf(trial.roots[1]!).keys()].filter((path) => path.startsWith('.litt-rollback/'));
      expect(own).to.deep.equal([]);
      expect((await resumeRollback(trial.roots)).action).to.equal('nothing');
      trial.end();
    });

    it(`is left alone while a process holds a lock: ${what}`, async () => {
      const trial = await trials.next();
      leave(trial.roots[1]!);
      writeFileSync(
        join(trial.roots[0]!, 'litt.lock'),
        `PID: ${process.pid}\nTimestamp: 2026-01-01T00:00:00Z\n`,
      );
      const before = treeOf(trial.dir);
      expect((await rejection(resumeRollback(trial.roots))).code).to.equal('ERR_LOCKED');
      expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
      trial.end();
    });
  }

  it('is a lost journal where a fence names a transaction that the root does not know', async () => {
    const trial = await trials.next();
    raiseFence(realFs, trial.roots[1]!, fence(trial.roots[1]!));
    const before = treeOf(trial.dir);
    for (const run of [resumeRollback, undoRollback]) {
      const error = await rejection(run(trial.roots));
      expect(error.code).to.equal('ERR_JOURNAL');
      expect(error.place.path).to.equal(join(trial.roots[1]!, 'litt.lock'));
    }
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
    trial.end();
  });

  it('may belong to a journal in a root that was forgotten: the fence says how many there are', async () => {
    const trial = await trials.next();
    area(trial.roots[1]!);
    raiseFence(realFs, trial.roots[1]!, { ...fence(trial.roots[1]!), roots: trial.roots });
    const before = treeOf(trial.dir);
    expect((await rejection(resumeRollback([trial.roots[1]!]))).code).to.equal('ERR_ROOTS_UNCERTAIN');
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
    expect((await resumeRollback(trial.roots)).action).to.equal('cleaned');
    trial.end();
  });

  it('is left alone while the process that is about to end still runs', async () => {
    const trial = await trials.next();
    const other = spawn('sleep', ['60'], { stdio: 'ignore' });
    const stat = readFileSync(`/proc/${other.pid}/stat`, 'latin1');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    // At the end of an undo: the area is out of sight, the lock still stands.
    const root = trial.roots[0]!;
    writeFileSync(
      join(area(root), 'runner.1'),
      encodeChecksummed({ ...thisProcess(), pid: other.pid, started }),
    );
    renameSync(join(root, '.litt-rollback', ID), join(root, '.litt-rollback', `trash-${ID}`));
    raiseFence(realFs, root, fence(root));
    const before = treeOf(trial.dir);
    expect((await rejection(resumeRollback(trial.roots))).code).to.equal('ERR_LOCKED');
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
    const gone = once(other, 'exit');
    other.kill();
    await gone;
    expect((await resumeRollback(trial.roots)).action).to.equal('cleaned');
    expect(await trial.state(trials.after)).to.equal('before');
    trial.end();
  });

  it('is told by status: what keeps the database shut, and an area that says nothing', async () => {
    const trial = await trials.next();
    LEFT['an area out of sight']!(trial.roots[0]!);
    raiseFence(realFs, trial.roots[0]!, fence(trial.roots[0]!));
    writeFileSync(join(trial.roots[1]!, 'blobs', 'segments', BOLT_FILE), '');
    LEFT['an area out of sight']!(trial.roots[2]!);
    LEFT['an area without a document']!(trial.roots[3]!);
    const { traces, transactions } = await rollbackStatus(trial.roots);
    expect(traces).to.deep.equal([
      join(trial.roots[3]!, '.litt-rollback', ID),
      join(trial.roots[0]!, 'litt.lock'),
      join(trial.roots[1]!, 'blobs', 'segments', BOLT_FILE),
    ]);
    expect(transactions).to.deep.equal([]);
    expect((await rejection(undoRollback(trial.roots))).code).to.equal('ERR_UNFINISHED');
    trial.end();
  });

  it('includes marks in some roots only: resume completes them, so that undo finds every one', async () => {
    const trial = await trials.next();
    await dieBetweenMarks(trial);
    expect((await resumeRollback(trial.roots)).action).to.equal('finished');
    const tree = treeOf(trial.dir);
    for (const mark of ['committed', 'done', 'undo.json']) {
      const found = [...tree.keys()].filter((path) => path.endsWith(`/${mark}`));
      expect(found, mark).to.have.length(trial.roots.length);
    }
    await undoRollback(trial.roots);
    expect(await trial.state(trials.after)).to.equal('before');
    trial.end();
  });

  /** Dies behind the second of four committed marks. */
  async function dieBetweenMarks(trial: Trial): Promise<void> {
    const other = await trials.next();
    const { ops } = await other.run(apply, {});
    other.end();
    const marks = ops.filter(({ name, paths }) => name === 'rename' && paths[1]?.endsWith('/committed'));
    expect(marks).to.have.length(trial.roots.length);
    await die(trial, apply, marks[2]!.index);
    const [seen] = (await rollbackStatus(trial.roots)).transactions;
    expect(seen).to.include({ state: 'unfinished', committed: true, direction: 'forward', stepsKept: 0 });
  }

  it('is nothing after a run that came to its end', async () => {
    const trial = await trials.next();
    await apply(realFs, trial);
    expect((await resumeRollback(trial.roots)).action).to.equal('nothing');
    expect(await trial.state(trials.after)).to.equal('after, applied');
    trial.end();
  });
});
