/** A mount over the directory of this program: every command names it, and nothing is done behind it. */
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { purgeWith } from '../../lib/recover/purge.ts';
import { resumeWith } from '../../lib/recover/resume.ts';
import { statusWith } from '../../lib/recover/status.ts';
import { undoOpen, undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { apply, run, type Trial, Trials, undoFinished } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

describe('a mount over the directory of this program', () => {
  const trials = Trials.forSuite('many-roots');

  /** What the system shows while an empty directory is mounted there, in the second root. */
  async function whileMounted(trial: Trial, work: (fs: DurableFs) => Promise<void>): Promise<void> {
    const own = join(trial.roots[1]!, '.litt-rollback');
    renameSync(own, `${trial.dir}/under`);
    mkdirSync(own);
    await work({ ...realFs, mountPoints: () => new Set(['/', own]) });
    renameSync(`${trial.dir}/under`, own);
  }

  const COMMANDS: Readonly<Record<string, (fs: DurableFs, trial: Trial) => unknown>> = {
    status: (fs, { roots }) => statusWith(fs, roots),
    undo: (fs, { roots, lockedDirs }) => undoWith(fs, roots, lockedDirs, {}),
    'undo of an unfinished one': (fs, { roots }) => undoOpen(fs, roots, {}),
    resume: (fs, { roots }) => resumeWith(fs, roots, {}),
    purge: (fs, { roots }) => purgeWith(fs, roots),
  };

  for (const [state, prepare] of Object.entries({
    'a finished rollback': (trial: Trial) => run(apply, trial),
    'an unfinished rollback': (trial: Trial) => trials.dieMidway(trial),
  })) {
    for (const [name, command] of Object.entries(COMMANDS)) {
      if (name === 'undo' && state.startsWith('an un')) continue;
      it(`is named by ${name}, of ${state}`, async () => {
        const trial = await trials.next();
        await prepare(trial);
        const before = databaseTree(trial.dir);
        await whileMounted(trial, async (fs) => {
          const error = await rejection((async () => command(fs, trial))());
          expect([error.code, error.place.path]).to.deep.equal([
            'ERR_PREFLIGHT',
            join(trial.roots[1]!, '.litt-rollback'),
          ]);
          expect(error.next).to.contain(`umount ${trial.roots[1]}/.litt-rollback`);
        });
        expect(treeDifferences(before, databaseTree(trial.dir))).to.deep.equal([]);
        await resumeWith(realFs, trial.roots, {});
        await run(undoFinished, trial);
        expect(treeDifferences(trial.before, databaseTree(trial.dir))).to.deep.equal([]);
        trial.end();
      });
    }
  }
});
