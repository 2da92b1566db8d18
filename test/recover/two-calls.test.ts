/** Two calls on one database exclude each other: in one process, in two threads, whichever of them came first. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import {
  applyPlan,
  planRollback,
  purgeUndo,
  type RollbackError,
  resumeRollback,
  rollbackStatus,
  undoRollback,
} from '../../lib/index.ts';
import { asCall, Call } from '../../lib/journal/claim.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { buildOnce, LIBRARY } from '../helpers/command.ts';
import { apply, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

type Progress = { onProgress: () => void };

/** Calls that change something, from a state in which each has work to do. */
const FIRST: Readonly<
  Record<string, [(trials: Trials) => Promise<Trial>, (t: Trial, o: Progress) => Promise<unknown>]>
> = {
  apply: [(trials) => trials.next(), ({ plan }, o) => applyPlan(plan, o)],
  resume: [midway, ({ roots }, o) => resumeRollback(roots, o)],
  'undo of an unfinished one': [midway, ({ roots }, o) => undoRollback(roots, o)],
  undo: [applied, ({ roots }, o) => undoRollback(roots, o)],
};

const SECOND: Readonly<Record<string, (t: Trial) => Promise<unknown>>> = {
  apply: ({ plan }) => applyPlan(plan),
  plan: ({ roots }) => planRollback({ roots, target: { kind: 'drop-last', groups: 1 } }),
  resume: ({ roots }) => resumeRollback(roots),
  undo: ({ roots }) => undoRollback(roots),
  purge: ({ roots }) => purgeUndo(roots),
};

async function midway(trials: Trials): Promise<Trial> {
  const trial = await trials.next();
  await trials.dieMidway(trial);
  return trial;
}

async function applied(trials: Trials): Promise<Trial> {
  const trial = await trials.next();
  await run(apply, trial);
  return trial;
}

describe('two calls on one database', () => {
  const trials = Trials.forSuite('many-roots');
  before(() => buildOnce());

  for (const [name, [make, first]] of Object.entries(FIRST)) {
    it(`in one process: whatever comes while ${name} runs is refused, and changes nothing`, async () => {
      for (const [other, second] of Object.entries(SECOND)) {
        const trial = await make(trials);
        const refused: Promise<RollbackError>[] = [];
        const onProgress = (): void => {
          if (refused.length === 0) refused.push(rejection(second(trial)));
        };
        await first(trial, { onProgress });
        expect(refused, other).to.have.length(1);
        expect((await refused[0])?.code, other).to.equal('ERR_LOCKED');
        const end = name.startsWith('undo') ? 'before' : 'after, applied';
        expect(await trial.state(trials.after), other).to.equal(end);
        trial.end();
      }
    });
  }

  it('in one process: a call that has failed can be followed by another one', async () => {
    const trial = await midway(trials);
    expect((await resumeRollback(trial.roots)).action).to.equal('finished');
    await undoRollback(trial.roots);
    expect(treeDifferences(trial.before, databaseTree(trial.dir))).to.deep.equal([]);
    trial.end();
  });

  it('in two threads: an undo beside a running apply is refused', async () => {
    const trial = await trials.next();
    const done = new Int32Array(new SharedArrayBuffer(4));
    let answer: Promise<unknown[]> | null = null;
    const onProgress = (): void => {
      if (answer !== null) return;
      answer = once(inThread(trial.roots, done), 'message');
      // This thread waits, in the middle of its steps, until the other one has got its answer.
      Atomics.wait(done, 0, 0, 30_000);
    };
    await applyPlan(trial.plan, { onProgress });
    expect(await answer).to.deep.equal(['ERR_LOCKED']);
    expect(await trial.state(trials.after)).to.equal('after, applied');
    trial.end();
  });

  it('in two threads: what one has finished, the other may take back at once', async () => {
    const trial = await applied(trials);
    const done = new Int32Array(new SharedArrayBuffer(4));
    expect(await once(inThread(trial.roots, done), 'message')).to.deep.equal(['undone']);
    expect((await rollbackStatus(trial.roots)).transactions).to.deep.equal([]);
    trial.end();
  });

  it('a claim ends with its call, also where the file of it cannot be removed', async () => {
    const trial = await applied(trials);
    const unlink = (path: string): void => {
      if (/\/runner\.\d+$/.test(path)) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      realFs.unlink(path);
    };
    const dirs = trial.roots;
    await asCall((call) => call.claimAreas({ ...realFs, unlink }, dirs, trial.plan.id));
    const next = new Call();
    next.claimAreas(realFs, dirs, trial.plan.id);
    expect(() => new Call().claimAreas(realFs, dirs, trial.plan.id)).to.throw('another call of this process');
    next.end();
    trial.end();
  });

  function inThread(roots: readonly string[], done: Int32Array): Worker {
    const code = `
      const { workerData: { library, roots, done }, parentPort } = require('node:worker_threads');
      const tell = (answer) => { parentPort.postMessage(answer); Atomics.store(done, 0, 1); Atomics.notify(done, 0); };
      import(library).then(({ undoRollback }) => undoRollback(roots)).then(() => tell('undone'), (e) => tell(e.code ?? String(e)));
    `;
    return new Worker(code, { eval: true, execArgv: [], workerData: { library: LIBRARY, roots, done } });
  }
});
