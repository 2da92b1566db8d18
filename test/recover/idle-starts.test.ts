/** What idle starts of an engine change outside of the segments is part of what undo puts back. */
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { undoRollback } from '../../lib/index.ts';
import { apply, replanned, resume, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

/** Starts and stops: each leaves an empty segment, raises the upper bound, publishes what it finds. */
function idleStarts({ roots, snapshotDir, plan }: Trial, count: number): void {
  for (const { table } of plan.tables) {
    const dirs = roots.map((root) => join(root, table, 'segments'));
    const metadata = dirs.flatMap((dir) =>
      readdirSync(dir).flatMap((name) => {
        const index = /^(\d+)\.metadata$/.exec(name)?.[1];
        return index === undefined ? [] : [{ index: Number(index), path: join(dir, name) }];
      }),
    );
    const newest = metadata.sort((a, b) => b.index - a.index)[0]!;
    const bytes = readFileSync(newest.path);
    bytes.fill(0, 13, 17);
    for (let n = newest.index + 1; n <= newest.index + count; n++) {
      writeFileSync(join(dirs[0]!, `${n}.metadata`), bytes);
      writeFileSync(join(dirs[0]!, `${n}.keys`), '');
      for (let shard = 0; shard < bytes[4]!; shard++)
        writeFileSync(join(dirs[0]!, `${n}-${shard}.values`), '');
    }
    publish(join(roots[0]!, table), join(snapshotDir!, table), newest.index, newest.path);
    writeFileSync(join(snapshotDir!, table, 'upper-bound.txt'), `${newest.index + count - 1}\n`);
  }
}

/** The newest segment with data, as the engine publishes it: a hard link, and a symbolic link to that. */
function publish(table: string, outside: string, index: number, metadata: string): void {
  mkdirSync(join(table, 'snapshot'), { recursive: true });
  mkdirSync(join(outside, 'segments'), { recursive: true });
  const link = join(table, 'snapshot', `${index}.metadata`);
  linkSync(metadata, link);
  symlinkSync(link, join(outside, 'segments', `${index}.metadata`));
}

describe('undo after idle starts of the engine', () => {
  for (const fixture of ['snapshots', 'snapshots-consumed']) {
    const trials = Trials.forSuite(fixture);

    for (const count of [1, 2, 9]) {
      it(`puts bounds and links back as they were: ${fixture}, ${count} starts`, async () => {
        const trial = await trials.next();
        await run(apply, trial);
        idleStarts(trial, count);
        await undoRollback(trial.roots, { snapshotDir: trial.snapshotDir });
        expect(treeDifferences(trial.before, databaseTree(trial.dir))).to.deep.equal([]);
        expect((await resumeAgain(trial)) as unknown).to.have.property('action', 'nothing');
        trial.end();
      });
    }
  }

  const plain = Trials.forSuite('snapshots');

  it('puts bounds back that no step of the plan has touched', async () => {
    const made = await plain.next();
    for (const { table } of made.plan.tables)
      writeFileSync(join(made.snapshotDir!, table, 'upper-bound.txt'), '0\n');
    const trial = await replanned(made);
    const touched = trial.plan.tables.flatMap((t) => t.steps).map((s) => s.file.path);
    expect(touched.filter((path) => path.endsWith('upper-bound.txt'))).to.deep.equal([]);
    await run(apply, trial);
    idleStarts(trial, 9);
    await undoRollback(trial.roots, { snapshotDir: trial.snapshotDir });
    // The engine writes a bound by a rename, too: no inode is promised.
    const left = treeDifferences(trial.before, databaseTree(trial.dir));
    expect(left.filter((line) => !/upper-bound\.txt: ino was/.test(line))).to.deep.equal([]);
    trial.end();
  });

  const resumeAgain = (trial: Trial): Promise<unknown> => run(resume, trial);
});
