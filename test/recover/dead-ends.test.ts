/** States from which one of these must lead out: nothing to do, resume, undo, or a refusal that names what to restore. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { rollbackStatus } from '../../lib/index.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { copyTree } from '../helpers/copies.ts';
import {
  apply,
  die,
  dyingEverywhere,
  nothing,
  resume,
  run,
  Trial,
  Trials,
  undoFinished,
  undoUnfinished,
  type Work,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

/** What an engine leaves that refuses at the bolt, its lock or ours removed: an empty keymap in its first root. */
function refuseAtBolt({ roots, plan }: Trial, root = 0): void {
  for (const dir of roots) rmSync(join(dir, 'litt.lock'), { force: true });
  for (const { table } of plan.tables) mkdirSync(join(roots[root]!, table, 'keymap'), { recursive: true });
}

function dropKeymaps({ roots, plan }: Trial): void {
  for (const root of roots)
    for (const { table } of plan.tables)
      rmSync(join(root, table, 'keymap'), { recursive: true, force: true });
}

/** Both ways out of a state, each on its own copy: `make` brings a fresh trial there. */
async function leadOut(make: () => Promise<Trial>, after: Trials['after']): Promise<void> {
  const forward = await make();
  await run(resume, forward);
  expect(await forward.state(after)).to.equal('after, applied');
  await run(undoFinished, forward);
  forward.end();
  const backward = await make();
  await run(undoUnfinished, backward);
  const { transactions, traces } = await rollbackStatus(backward.roots);
  expect([transactions, traces]).to.deep.equal([[], []]);
  backward.end();
}

describe('no dead end', () => {
  const trials = Trials.forSuite('many-roots');

  const midway = async (): Promise<Trial> => {
    const trial = await trials.next();
    await trials.dieMidway(trial);
    return trial;
  };

  it('an engine that refused at the bolt has made an empty keymap: both ways go on', async () => {
    for (const root of [0, 2]) {
      await leadOut(async () => {
        const trial = await midway();
        refuseAtBolt(trial, root);
        return trial;
      }, trials.after);
    }
  });

  it('a keymap that is removed in the middle is as good as moved', async () => {
    await leadOut(async () => {
      const trial = await midway();
      dropKeymaps(trial);
      return trial;
    }, trials.after);
  });

  it('a keymap that is removed before its step is as good as moved, at every call of the steps', async () => {
    const looked = await dyingEverywhere(
      trials,
      nothing,
      apply,
      async (trial) => {
        const [begun] = (await rollbackStatus(trial.roots)).transactions;
        if (begun?.committed !== true) return;
        dropKeymaps(trial);
        await run(resume, trial);
        expect(await trial.state(trials.after)).to.equal('after, applied');
      },
      { first: 60, every: 23 },
    );
    expect(looked).to.be.greaterThan(3);
  });

  it('a keymap that was kept for undo and is gone does not make undo refuse', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    const index = trial.plan.tables.flatMap((t) => t.steps).findIndex((s) => s.op === 'remove-directory');
    const kept = trial.areas.map((area) => join(area, 'kept', `${index}.removed`)).find((p) => existsSync(p));
    rmSync(kept!, { recursive: true });
    await run(undoFinished, trial);
    const left = treeDifferences(trial.before, databaseTree(trial.dir));
    expect(left.filter((line) => !line.includes('/keymap'))).to.deep.equal([]);
    trial.end();
  });

  it('what is left in one root of two journals is not cleared away alone, and with all roots it is', async () => {
    const RUNS: readonly [Work, Work][] = [
      [nothing, apply],
      [apply, undoFinished],
    ];
    for (const [prepare, work] of RUNS) {
      const calls = await trials.calls(prepare, work);
      const range = work === apply ? { first: 10, last: 80, every: 5 } : { first: calls - 90, every: 5 };
      await dyingEverywhere(
        trials,
        prepare,
        work,
        async (trial, call) => {
          // Each root alone, as if the user forgot the others: refused, or cleaned up, but no way is shut.
          for (const root of trial.roots)
            await Promise.resolve(run(resume, trial.withRoots([root]))).catch(() => {});
          await run(resume, trial);
          expect(await trial.state(trials.after), `call ${call}`).to.match(/^(before|after|after, applied)$/);
        },
        range,
      );
    }
  });

  it('an undo that died goes on in a copy of the database, where every inode is another', async () => {
    const calls = await trials.calls(withIdleStart, undoFinished);
    for (let call = 20; call < calls; call += 31) {
      const trial = await trials.next();
      await withIdleStart(realFs, trial);
      await die(trial, undoFinished, call);
      const copy = copyOf(trial);
      for (const work of [resume, undoUnfinished]) await Promise.resolve(run(work, copy)).catch(() => {});
      await run(resume, copy);
      const { transactions, traces } = await rollbackStatus(copy.roots);
      expect([transactions.filter((t) => t.state === 'unfinished'), traces], `call ${call}`).to.deep.equal([
        [],
        [],
      ]);
      rmSync(copy.dir, { recursive: true });
      trial.end();
    }
  });

  /** A finished rollback, then a start of the engine that wrote nothing. */
  async function withIdleStart(_fs: unknown, trial: Trial): Promise<void> {
    await run(apply, trial);
    for (const { table } of trial.plan.tables) {
      mkdirSync(join(trial.roots[0]!, table, 'keymap', 'data'), { recursive: true });
      writeFileSync(join(trial.roots[0]!, table, 'keymap', 'keymap-type.txt'), 'MemKeymap');
    }
  }

  function copyOf(trial: Trial): Trial {
    const dir = `${trial.dir}-copy`;
    copyTree(trial.dir, dir);
    const roots = trial.roots.map((root) => root.replace(trial.dir, dir));
    return new Trial(dir, roots, trial.plan, trial.snapshotDir);
  }
});

describe('no mixed database that opens', () => {
  const trials = Trials.forSuite('many-roots');

  it('a fence whose area was removed by hand, with the bolts, is a lost journal: nothing clears it away', async () => {
    const trial = await trials.next();
    await trials.dieMidway(trial);
    for (const root of trial.roots) {
      rmSync(join(root, '.litt-rollback'), { recursive: true });
      for (const { table } of trial.plan.tables)
        rmSync(join(root, table, 'segments', BOLT_FILE), { force: true });
    }
    for (const work of [resume, undoUnfinished]) {
      const error = await rejection(Promise.resolve(run(work, trial)));
      expect(error.code).to.be.oneOf(['ERR_JOURNAL', 'ERR_NOTHING_TO_UNDO']);
    }
    expect(trial.roots.every((root) => existsSync(join(root, 'litt.lock')))).to.equal(true);
    trial.end();
  });

  it('bolts of a transaction whose area and fence were removed are not those of an older, finished one', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    for (const root of trial.roots) {
      const bolt = join(root, trial.plan.tables[0]!.table, 'segments', BOLT_FILE);
      writeFileSync(bolt, '00000000-0000-4000-8000-000000000000\n');
    }
    expect((await rejection(Promise.resolve(run(resume, trial)))).code).to.equal('ERR_JOURNAL');
    trial.end();
  });

  it('a backup laid over a root of a rollback that is marked done is found before it is called finished', async () => {
    const trial = await trials.next();
    const backup = `${trial.dir}-backup`;
    copyTree(trial.roots[1]!, backup);
    const calls = await trials.calls(nothing, apply);
    for (let call = calls - 1; call > 0; call--) {
      const dead = await trials.next();
      await die(dead, apply, call);
      const isDone = dead.areas.every(
        (a) => existsSync(join(a, 'done')) && existsSync(join(a, 'journal.json')),
      );
      if (!isDone) {
        dead.end();
        continue;
      }
      copyTree(backup, dead.roots[1]!);
      const error = await rejection(Promise.resolve(run(resume, dead)));
      expect(error.code).to.be.oneOf(['ERR_RESULT_WRONG', 'ERR_UNFINISHED']);
      dead.end();
      break;
    }
    rmSync(backup, { recursive: true });
    trial.end();
  });
});
