/**
 * A journal that was damaged or removed, in every root at once, after a crash at any call: a database is never
 * opened unless it is as before or as afterwards. Disks that lie are beyond the crash model; a file torn by
 * hand at 3 a.m. is not.
 */
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError, rollbackStatus } from '../../lib/index.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import {
  apply,
  applyWithoutUndo,
  die,
  nothing,
  resume,
  run,
  type Trial,
  Trials,
  undoFinished,
  undoUnfinished,
  type Work,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'a bit flipped': (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
  },
  torn: (path) => truncateSync(path, readFileSync(path).length >> 1),
  emptied: (path) => truncateSync(path, 0),
  removed: (path) => rmSync(path),
};
const FILES = ['journal.json', 'undo.json', 'committed', 'done', 'undoing', 'undone'] as const;
/** The runs that die, with what has been done before. */
const DYING: readonly [string, Work, Work][] = [
  ['apply', nothing, apply],
  ['apply without undo', nothing, applyWithoutUndo],
  ['undo', apply, undoFinished],
];
/** Calls of each run at which it dies. */
const DEATHS = 8;

/** Every file of that name in the areas of a trial. */
function documentsOf({ areas }: Trial, file: string): string[] {
  return areas.map((area) => join(area, file)).filter((path) => existsSync(path));
}

/** What is wrong with how a recovery dealt with a damaged journal; null when nothing is. */
async function problemOf(trial: Trial, recover: Work, after: Trials['after']): Promise<string | null> {
  const before = treeOf(trial.dir);
  const { error } = await trial.run(recover, {});
  const state = await trial.state(after);
  if (error === null)
    return /^(before|after)(, (applied|partial))?$/.test(state) ? null : `it ended: ${state}`;
  if (!(error instanceof RollbackError)) return `an untyped error: ${String(error)}`;
  if (state.startsWith('left: ')) return null; // still shut
  const changes = treeDifferences(before, treeOf(trial.dir));
  return changes.length === 0 ? null : `it refused (${error.code}), and has changed ${changes[0]}`;
}

for (const fixture of ['tail-with-hole', 'many-roots']) {
  describe(`a damaged journal in every root (${fixture})`, () => {
    const trials = Trials.forSuite(fixture);

    async function deadAt(call: number, prepare: Work, work: Work): Promise<Trial> {
      const trial = await trials.next();
      await run(prepare, trial);
      await die(trial, work, call);
      return trial;
    }

    for (const [name, prepare, work] of DYING) {
      it(`never lets a mixed database be opened: ${name}`, async () => {
        const calls = await trials.calls(prepare, work);
        const found: string[] = [];
        let tried = 0;
        const damages = Object.entries(DAMAGES);
        for (let death = 1; death <= DEATHS; death++) {
          const call = Math.floor((calls * death) / (DEATHS + 1));
          // Where a file is not there, the next one is looked for in the same copy: nothing has been done to it.
          let trial: Trial | null = null;
          for (const [i, file] of FILES.entries()) {
            trial ??= await deadAt(call, prepare, work);
            const documents = documentsOf(trial, file);
            if (documents.length === 0) continue;
            const number = death + i;
            const [how, damage] = damages[number % damages.length]!;
            for (const path of documents) damage(path);
            const recover = number % 3 === 0 ? undoUnfinished : resume;
            const problem = await problemOf(trial, recover, trials.after);
            if (problem !== null) found.push(`${call}, ${file} ${how}, ${recover.name}: ${problem}`);
            tried++;
            trial.end();
            trial = null;
          }
          trial?.end();
        }
        expect(found).to.deep.equal([]);
        expect(tried).to.be.greaterThan(5);
      });
    }

    it('is finished as if nothing had been, once it is put back', async () => {
      const trial = await trials.next();
      await trials.dieMidway(trial);
      const own = trial.roots.map((root) => join(root, '.litt-rollback'));
      for (const dir of own) renameSync(dir, `${dir}.gone`);
      const before = treeOf(trial.dir);
      for (const recover of [resume, undoUnfinished]) {
        const { error } = await trial.run(recover, {});
        expect(error).to.have.property('code').that.is.oneOf(['ERR_JOURNAL', 'ERR_NOTHING_TO_UNDO']);
        expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
      }
      for (const dir of own) renameSync(`${dir}.gone`, dir);
      await run(resume, trial);
      expect(await trial.state(trials.after)).to.equal('after, applied');
      trial.end();
    });
  });
}

describe('a journal that is gone', () => {
  const trials = Trials.forSuite('many-roots');

  it('is missed where a bolt is: it is left in its place', async () => {
    const trial = await trials.next();
    writeFileSync(join(trial.roots[1]!, 'blobs', 'segments', BOLT_FILE), '');
    const before = treeOf(trial.dir);
    const error = await rejection(run(resume, trial));
    expect(error.code).to.equal('ERR_JOURNAL');
    expect(error.place.path).to.contain(BOLT_FILE);
    expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
    trial.end();
  });

  it('is missed by undo of a finished rollback, whose database stays as it is', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    const applied = databaseTree(trial.dir);
    for (const path of documentsOf(trial, 'undo.json')) truncateSync(path, 20);
    const { error } = await trial.run(undoFinished, {});
    expect(error).to.have.property('code', 'ERR_JOURNAL');
    expect(treeDifferences(applied, databaseTree(trial.dir))).to.deep.equal([]);
    expect((await rollbackStatus(trial.roots)).transactions.map((t) => t.state)).to.deep.equal(['partial']);
    trial.end();
  });
});
