/** Runs in which one call fails: what they say, what they leave alone, and that they can be finished. */
import { expect } from 'chai';
import { applyPlan, RollbackError, rollbackStatus } from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import {
  apply,
  applyWithoutUndo,
  type Ended,
  nothing,
  purge,
  resume,
  Trials,
  undoFinished,
  undoUnfinished,
  type Work,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';
import { type FaultyOp, isSync } from '../proof/simulator/faulty-fs.ts';
import { isRefusedTrial } from '../proof/simulator/refused-trial.ts';

/** An error after which a run may go on: its outcome says so. */
const AUDIT = /\/\.litt-rollback(\/\.audit\.jsonl\.litt-rollback-tmp|\/audit\.jsonl)?$/;

/** What is wrong with how a run took the failure of its call number `index`. */
function complaints(
  { error, ops }: Ended,
  outcome: { notices?: readonly string[] },
  index: number,
): string[] {
  const failed = ops[index] as FaultyOp;
  const named = failed.paths.map((path) => path.replace(/\/\.([^/]*)\.litt-rollback-tmp$/, '/$1'));
  if (error === null) {
    const said = (outcome.notices ?? []).some(
      (n) => n.includes('ENOSPC') && named.some((p) => n.includes(p)),
    );
    if (failed.paths.some((p) => AUDIT.test(p)) && said) return [];
    // The call has ended, and its claim counts no longer, whether it is there or not.
    if (failed.name === 'unlink' && /\/runner\.\d+$/.test(failed.paths[0] ?? '')) return [];
    return [`${failed.name} ${failed.paths.join()} failed without an error`];
  }
  if (!(error instanceof RollbackError)) return [`no typed error: ${String(error)}`];
  const problems: string[] = [];
  if (!error.message.includes('ENOSPC')) problems.push('it names no errno');
  if (isRefusedTrial(error, ops.slice(0, index), failed.paths)) return problems;
  if (!['ERR_IO', 'ERR_UNFINISHED'].includes(error.code)) problems.push(`it is ${error.code}`);
  if (!failed.paths.includes(error.place.path ?? '')) problems.push(`it names ${error.place.path}`);
  return problems.map((p) => `${failed.name} ${failed.paths.join()}: ${p}: ${error.message}`);
}

/** What a run took away after its sync had failed, other than what it was just preparing. */
function destroyed({ ops }: Ended, index: number): string[] {
  if (!isSync(ops[index] as FaultyOp)) return [];
  return (
    ops
      .slice(index + 1)
      .filter(({ name }) => ['rename', 'unlink', 'rmdir', 'truncate'].includes(name))
      // A claim describes a process, not the database.
      .filter(
        ({ paths }) =>
          !paths.every((path) => /litt-rollback-tmp$|\/runner\.\d+$/.test(path) || AUDIT.test(path)),
      )
      // The file that it could not make durable, and that nothing refers to yet.
      .filter(({ name, paths }) => name !== 'unlink' || paths[0] !== ops[index]?.paths[0])
      .map(({ name, paths }) => `after a failed sync: ${name} ${paths.join()}`)
  );
}

/** Whether the intent is durable: from there on another command goes on than the one that failed. */
async function isOpen(roots: readonly string[]): Promise<boolean> {
  const { transactions } = await rollbackStatus(roots);
  return transactions.some(({ state, committed }) => state === 'unfinished' && committed);
}

/** Whether unneeded data still takes space. */
const holdsTrash = (dir: string): boolean =>
  [...treeOf(dir).keys()].some((path) => /\/trash-[^/]*$/.test(path));

describe('a run in which one call fails', () => {
  const trials = Trials.forSuite('tail-with-hole');
  const half: Work = (_, trial) => trials.dieMidway(trial);
  const runs: readonly [string, Work, Work][] = [
    ['apply', nothing, apply],
    ['apply without undo', nothing, applyWithoutUndo],
    ['undo', apply, undoFinished],
    ['undo of a half-applied rollback', half, undoUnfinished],
    ['resume', half, resume],
    ['purge', apply, purge],
  ];

  for (const [name, prepare, work] of runs) {
    it(`says which and why, destroys nothing after a failed sync, and can be finished: ${name}`, async () => {
      const calls = await trials.calls(prepare, work);
      expect(calls).to.be.greaterThan(25);
      for (let index = 0; index < calls; index++) {
        const trial = await trials.next();
        await prepare(realFs, trial);
        let outcome = {};
        const noting: Work = async (fs, t) => {
          outcome = (await work(fs, t)) ?? {};
        };
        const ended = await trial.run(noting, { failAt: { index, errno: 'ENOSPC' } });
        expect(complaints(ended, outcome, index), `call ${index}`).to.deep.equal([]);
        expect(destroyed(ended, index), `call ${index}`).to.deep.equal([]);
        if (ended.error === null && holdsTrash(trial.dir))
          expect((outcome as { notices: readonly string[] }).notices.join()).to.match(/resume` frees it/);
        if (await isOpen(trial.roots))
          expect(String(ended.error)).not.to.match(/same command|Nothing was changed/);
        await resume(realFs, trial);
        const state = await trial.state(trials.after);
        expect(state, `call ${index}`).to.match(/^(before|after|after, applied)$/);
        trial.end();
      }
    });
  }

  it('lets a signal that came while the locks were taken stop a saved plan before the first change', async () => {
    const trial = await trials.next();
    const before = treeOf(trial.dir);
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('a signal')));
    const error = await rejection(applyPlan(trial.plan, { signal: controller.signal }));
    expect(error.code).to.equal('ERR_INTERRUPTED');
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
    trial.end();
  });
});
