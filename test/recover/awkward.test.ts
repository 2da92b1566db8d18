/** Databases and beginnings that are legal and awkward: what was begun there can be finished and taken back. */
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readPlanFile, writePlanFile } from '../../lib/index.ts';
import { copyRanges } from '../../lib/journal/copy-ranges.ts';
import { problemOfSummary } from '../../lib/plan/consistency.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import type { RemoveFileStep, TablePlan } from '../../lib/types.ts';
import {
  apply,
  replanned,
  run,
  type Trial,
  Trials,
  undoFinished,
  undoUnfinished,
} from '../helpers/interruptions.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';
import { tablePlan } from '../report/sample-plans.ts';

describe('names and times that are odd', () => {
  const trials = Trials.forSuite('snapshots');

  const ODD: Readonly<Record<string, (trial: Trial, table: string) => void>> = {
    'a name with a backslash in a snapshot': ({ roots }, table) =>
      writeFileSync(join(roots[0]!, table, 'snapshot', 'a\\b.txt'), 'x'),
    'a swap file with a backslash': ({ roots }, table) =>
      writeFileSync(join(roots[0]!, table, 'segments', 'a\\b.keys.swap'), 'x'),
    'a file from before 1970': ({ roots }, table) => {
      const dir = join(roots[0]!, table, 'segments');
      const [name] = readdirSync(dir)
        .filter((n) => n.endsWith('.keys'))
        .sort();
      utimesSync(join(dir, name!), -3600, -3600);
    },
  };

  for (const [what, make] of Object.entries(ODD)) {
    it(`are planned, saved, applied, interrupted, finished and taken back: ${what}`, async () => {
      const made = await trials.next();
      const { table } = made.plan.tables.find((t) => t.steps.length > 0)!;
      make(made, table);
      const trial = await replanned(made);
      const file = join(trial.dir, 'plan.json');
      await writePlanFile(file, trial.plan);
      expect(await readPlanFile(file)).to.deep.equal(trial.plan);
      rmSync(file);
      await trials.dieAtSteps(trial);
      await run(undoUnfinished, trial);
      expect(treeDifferences(trial.before, databaseTree(trial.dir))).to.deep.equal([]);
      const again = await replanned(trial);
      await run(apply, again);
      await run(undoFinished, again);
      expect(treeDifferences(again.before, databaseTree(again.dir))).to.deep.equal([]);
      again.end();
    });
  }
});

describe('more steps or ranges than a call takes arguments', () => {
  const MANY = 200_000;

  it('are held against their summary', () => {
    const steps = Array.from(
      { length: MANY },
      (_, i): RemoveFileStep => ({
        op: 'remove-file',
        table: 't',
        file: { root: 0, path: `t/segments/${i}.keys` },
        size: 0,
        reason: 'newer',
        segment: i,
      }),
    );
    const amount = { segments: 0, records: 0, keyBytes: 0, valueBytes: 0 };
    const plan: TablePlan = {
      ...tablePlan({ table: 't', outcome: 'cut', kept: amount, removed: amount }),
      snapshotCopies: { from: 0, through: 1 },
      steps,
    };
    const table = { segments: [], orphans: [], snapshots: [], watermark: null } as never;
    expect(problemOfSummary(plan, table)).to.equal(null);
    expect(problemOfSummary({ ...plan, snapshotCopies: { from: 1, through: 1 } }, table)).to.match(
      /snapshots/,
    );
  });

  it('are copied', () => {
    const dir = tempDir();
    const from = join(dir, 'from');
    writeFileSync(from, Buffer.alloc(2 * MANY, 'ab'));
    const fd = realFs.open(join(dir, 'to'), 'wx');
    copyRanges(
      realFs,
      from,
      fd,
      Array.from({ length: MANY }, (_, i) => [2 * i, 2 * i + 1] as const),
    );
    realFs.close(fd);
    expect(readFileSync(join(dir, 'to')).equals(Buffer.alloc(MANY, 'a'))).to.equal(true);
    removeTempDir(dir);
  });
});
