/** Runs over a snapshot directory that die: the roots must tell of what is left there. */
import { expect } from 'chai';
import { resumeRollback, rollbackStatus } from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { isFenced } from '../../lib/store/fence.ts';
import {
  apply,
  applyWithoutUndo,
  dyingEverywhere,
  nothing,
  resume,
  run,
  type Trial,
  Trials,
  undoFinished,
  type Work,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';

describe('a run over a snapshot directory that dies', () => {
  const trials = Trials.forSuite('snapshots');

  const RUNS: readonly [string, Work, Work][] = [
    ['apply', nothing, apply],
    ['apply without undo', nothing, applyWithoutUndo],
    ['undo', apply, undoFinished],
  ];
  for (const [name, prepare, work] of RUNS) {
    it(`shows in the roots as long as anything is left, and is finished by resume: ${name}`, async () => {
      const calls = await trials.calls(prepare, work);
      const look = async (trial: Trial, call: number): Promise<void> => {
        const { transactions, traces } = await rollbackStatus(trial.roots);
        const [seen] = transactions;
        // Documents tell that there is a snapshot directory: without it nothing is cleared away.
        if (
          seen?.state === 'unfinished' ||
          (seen !== undefined && traces.length > 0 && seen.target !== null)
        ) {
          const error = await rejection(resumeRollback(trial.roots));
          expect(error.code, `call ${call}`).to.equal('ERR_SNAPSHOT_DIR_NEEDED');
        } else if (call < 100 && call % 2 === 0) {
          // A beginning without any document leaves no lock outside the roots for good.
          await resumeRollback(trial.roots);
          const shut = trial.lockedDirs.filter((dir) => isFenced(realFs, dir));
          expect(shut, `call ${call}: locks without a trace that explains them`).to.deep.equal([]);
        }
        await run(resume, trial);
        expect(await trial.state(trials.after), `call ${call}`).to.be.oneOf([
          'before',
          'after',
          'after, applied',
        ]);
      };
      await dyingEverywhere(trials, prepare, work, look, { every: 17 });
      await dyingEverywhere(trials, prepare, work, look, { last: 40, every: 6 });
      await dyingEverywhere(trials, prepare, work, look, { first: calls - 40, every: 4 });
    });
  }
});
