/** What belongs to a file besides its content, through apply and undo: extended attributes, access lists, times. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback, type RollbackPlan, undoRollback } from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { apply, die, resume, run, Trials, undoFinished } from '../helpers/interruptions.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { planOptions, unpackNamed } from '../helpers/transactions.ts';
import { type Tree, treeDifferences, treeOf } from '../helpers/tree.ts';

/** Attributes and access list of a file, as the tools print them. */
function attributesOf(path: string): string {
  const say = (program: string, ...words: string[]): string =>
    execFileSync(program, [...words, path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const list = say('getfacl', '-cpnE');
  return `${list}${say('getfattr', '-d', '-m', '-', '-e', 'hex', '--absolute-names').replaceAll(/^# file:.*$/gm, '')}`;
}

/** Everything that a rollback may have to put back, times included; without what is ours. */
function wholeTree(dir: string): Tree {
  return new Map(
    [...treeOf(dir)].filter(([path]) => !/(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/.test(path)),
  );
}

/** Files that the plan leaves in another's place, or cut. */
function changedFiles({ roots, snapshotDir, tables }: RollbackPlan): string[] {
  return tables
    .flatMap((t) => t.steps)
    .filter((s) => ['cut-file', 'rewrite-keys', 'replace-file'].includes(s.op))
    .map(({ file: { root, path } }) =>
      join(root === 'snapshots' ? (snapshotDir as string) : (roots[root] as string), path),
    );
}

function canKeepAttributes(): boolean {
  const dir = tempDir();
  try {
    for (const [program, ...words] of [
      ['setfattr', '-n', 'user.a', '-v', '1'],
      ['setfacl', '-m', 'u:1234:r'],
    ])
      execFileSync(program as string, [...words, dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    removeTempDir(dir);
  }
}

describe('attributes of files', () => {
  before(function () {
    if (!canKeepAttributes()) this.skip();
  });

  for (const [name, isLinked] of [
    ['single-root', false],
    ['single-root', true],
    ['snapshots', false],
    ['tail-with-hole', false],
  ] as const) {
    it(`go with what takes a file's place, and come back: ${name}${isLinked ? ', linked' : ''}`, async () => {
      const unpacked = unpackNamed(name);
      const roots = unpacked.databases[0] as readonly string[];
      const plan = await planRollback(planOptions(unpacked));
      const files = changedFiles(plan);
      expect(files.length).to.be.greaterThan(1);
      const backup = join(unpacked.dir, 'backup');
      mkdirSync(backup);
      for (const [i, path] of files.entries()) {
        execFileSync('setfattr', ['-n', 'user.note', '-v', `of file ${i}`, path]);
        execFileSync('setfacl', ['-m', `u:${4000 + i}:rw`, path]);
        if (isLinked) linkSync(path, join(backup, String(i)));
      }
      const again = await planRollback(planOptions(unpacked));
      const before = wholeTree(unpacked.dir);
      const attributes = files.map(attributesOf);
      expect(attributes.join()).to.contain('user:4001:rw').and.to.contain('user.note');
      await applyPlan(again);
      expect(files.map(attributesOf)).to.deep.equal(attributes);
      expect(treeDifferences(before, wholeTree(unpacked.dir))).not.to.deep.equal([]);
      await undoRollback(roots, { snapshotDir: unpacked.snapshotDir });
      expect(files.map(attributesOf)).to.deep.equal(attributes);
      expect(treeDifferences(before, wholeTree(unpacked.dir))).to.deep.equal([]);
      removeTempDir(unpacked.dir);
    });
  }
});

/** Times of all files, by path. */
function timesIn(dir: string): Record<string, string | undefined> {
  return Object.fromEntries([...wholeTree(dir)].map(([path, entry]) => [path, entry.mtime]));
}

describe('times of change', () => {
  const trials = Trials.forSuite('tail-with-hole');

  it('come back to the nanosecond, wherever an undo dies', async () => {
    const calls = await trials.calls(apply, undoFinished);
    for (let call = 1; call < calls; call += 7) {
      const trial = await trials.next();
      const before = timesIn(trial.dir);
      await run(apply, trial);
      expect(timesIn(trial.dir)).not.to.deep.equal(before);
      await die(trial, undoFinished, call);
      await run(resume, trial);
      if ((await trial.state(trials.after)) !== 'before') await run(undoFinished, trial);
      expect(timesIn(trial.dir)).to.deep.equal(before);
      trial.end();
    }
  });

  it('come back to the microsecond where no command copies them', async () => {
    const trial = await trials.next();
    const before = timesIn(trial.dir);
    const without = { ...realFs, copyAttributes: () => false };
    await apply(without, trial);
    await undoFinished(without, trial);
    expect(await trial.state(trials.after)).to.equal('before');
    const whole = (times: Record<string, string | undefined>) =>
      Object.entries(times).map(([path, time]) => [path, time?.slice(0, -3)]);
    expect(whole(timesIn(trial.dir))).to.deep.equal(whole(before));
    trial.end();
  });
});
