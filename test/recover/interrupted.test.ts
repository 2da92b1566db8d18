/** Runs that die at each of their calls, and what resume, undo, purge and status make of that. */
import { expect } from 'chai';
import { rollbackStatus } from '../../lib/index.ts';
import {
  apply,
  applyWithoutUndo,
  die,
  dyingEverywhere,
  nothing,
  purge,
  resume,
  run,
  type Trial,
  Trials,
  undoFinished,
  undoUnfinished,
  type Work,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';

describe('an apply that dies', () => {
  const trials = Trials.forSuite('tail-with-hole');

  it('at any call, is finished by resume: swept before the intent, carried out afterwards', async () => {
    const reached: string[] = [];
    const looked = await dyingEverywhere(trials, nothing, apply, async (trial, call) => {
      const [seen] = (await rollbackStatus(trial.roots)).transactions;
      const { action } = (await run(resume, trial)) as { action: string };
      const state = await trial.state(trials.after);
      const committed = seen?.committed === true;
      expect(state, `call ${call}`).to.equal(committed ? 'after, applied' : 'before');
      if (committed && seen.state === 'unfinished') expect(action, `call ${call}`).to.equal('finished');
      reached.push(action);
    });
    expect(looked).to.be.greaterThan(60);
    expect([...new Set(reached)]).to.include.members(['cleaned', 'swept', 'finished']);
    // From the intent on there is no way back to "nothing has happened".
    expect(reached.lastIndexOf('swept')).to.be.lessThan(reached.indexOf('finished'));
  });

  it('at any call, is taken back by undo, or has nothing to take back and says so', async () => {
    await dyingEverywhere(trials, nothing, apply, async (trial, call) => {
      const { transactions } = await rollbackStatus(trial.roots);
      const open = transactions.find((t) => t.state === 'unfinished');
      if (open?.committed === true) await run(undoUnfinished, trial);
      else if (open !== undefined) {
        // An intent that is whole but not committed is withdrawn at once; anything less is left to resume.
        await run(undoUnfinished, trial).catch((error: { code?: string }) => {
          expect(error.code, `call ${call}`).to.equal('ERR_NOTHING_TO_UNDO');
        });
        await run(resume, trial);
      } else if (transactions.some((t) => t.state === 'applied')) {
        await run(resume, trial);
        await run(undoFinished, trial);
      } else await run(resume, trial);
      expect(await trial.state(trials.after), `call ${call}`).to.equal('before');
    });
  });

  it('without undo, ends before or after as well, and keeps nothing in the end', async () => {
    const reached = new Set<string>();
    await dyingEverywhere(
      trials,
      nothing,
      applyWithoutUndo,
      async (trial, call) => {
        await run(resume, trial);
        const state = await trial.state(trials.after);
        expect(state, `call ${call}`).to.be.oneOf(['before', 'after']);
        reached.add(state);
      },
      { first: 1, every: 2 },
    );
    expect([...reached]).to.include.members(['before', 'after']);
  });
});

describe('an undo that dies', () => {
  const trials = Trials.forSuite('tail-with-hole');

  it('at any call, is finished by resume, or had not begun and leaves the rollback as it was', async () => {
    const states: string[] = [];
    await dyingEverywhere(trials, apply, undoFinished, async (trial, call) => {
      const [seen] = (await rollbackStatus(trial.roots)).transactions;
      const { action } = (await run(resume, trial)) as { action: string };
      const state = await trial.state(trials.after);
      states.push(state);
      if (seen?.state === 'unfinished') {
        expect(seen.direction, `call ${call}`).to.equal('backward');
        expect([action, state], `call ${call}`).to.deep.equal(['taken-back', 'before']);
      } else expect(state, `call ${call}`).to.equal(seen === undefined ? 'before' : 'after, applied');
    });
    expect(states.indexOf('before')).to.be.greaterThan(states.lastIndexOf('after, applied'));
  });

  it('at any call, is finished by another undo', async () => {
    await dyingEverywhere(
      trials,
      apply,
      undoFinished,
      async (trial, call) => {
        const [seen] = (await rollbackStatus(trial.roots)).transactions;
        if (seen?.state === 'unfinished') await run(undoUnfinished, trial);
        else {
          await run(resume, trial);
          if (seen !== undefined) await run(undoFinished, trial);
        }
        expect(await trial.state(trials.after), `call ${call}`).to.equal('before');
      },
      { every: 2 },
    );
  });

  it('of a half-applied rollback, ends before', async () => {
    const half: Work = async (_, trial) => die(trial, apply, 60);
    for (const recover of [resume, undoUnfinished]) {
      await dyingEverywhere(
        trials,
        half,
        undoUnfinished,
        async (trial, call) => {
          const [seen] = (await rollbackStatus(trial.roots)).transactions;
          if (seen?.state === 'unfinished') await run(recover, trial);
          if (seen?.direction !== 'backward' && recover === resume && seen !== undefined) {
            expect(await trial.state(trials.after), `call ${call}`).to.equal('after, applied');
            return;
          }
          await run(resume, trial);
          expect(await trial.state(trials.after), `call ${call}`).to.equal('before');
        },
        { every: 3 },
      );
    }
  });
});

describe('a resume that dies', () => {
  it('at any call, is resumed or undone', async () => {
    const trials = await Trials.on('tail-with-hole');
    const half: Work = async (_, trial) => die(trial, apply, 60);
    for (const [recover, end] of [
      [resume, 'after, applied'],
      [undoUnfinished, 'before'],
    ] as const) {
      await dyingEverywhere(
        trials,
        half,
        resume,
        async (trial, call) => {
          const [seen] = (await rollbackStatus(trial.roots)).transactions;
          if (seen?.state === 'unfinished') await run(recover, trial);
          else await run(resume, trial);
          const wanted = seen?.state === 'unfinished' ? end : 'after, applied';
          expect(await trial.state(trials.after), `call ${call}`).to.equal(wanted);
        },
        { every: 3 },
      );
    }
    trials.end();
  });
});

describe('a purge that dies', () => {
  it('at any call, is finished by the next purge, and the database stays as it is', async () => {
    const trials = await Trials.on('many-roots');
    const seen = new Set<string>();
    const look = async (trial: Trial, call: number): Promise<void> => {
      const { transactions } = await rollbackStatus(trial.roots);
      seen.add(transactions.map((t) => t.state).join());
      if (transactions[0]?.state === 'partial') {
        // Part of what undo needs is gone: it must not begin.
        expect((await rejection(run(undoFinished, trial))).code).to.match(
          /ERR_(ROOTS_UNCERTAIN|NOTHING_TO_UNDO)/,
        );
      }
      await run(purge, trial);
      expect(await trial.state(trials.after), `call ${call}`).to.equal('after');
    };
    // The areas go out of sight first, one after the other; freeing them takes most of the calls.
    await dyingEverywhere(trials, apply, purge, look, { every: 1, last: 12 });
    await dyingEverywhere(trials, apply, purge, look, { first: 12, every: 40 });
    expect([...seen].sort()).to.deep.equal(['', 'applied', 'partial']);
    trials.end();
  });
});
