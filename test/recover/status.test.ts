/** Status: what undo would do, which roots are missing, what keeps the engine out, and that nothing is changed. */
import { appendFileSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeChecksummed, encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { purgeUndo, rollbackStatus, type StatusReport, undoRollback } from '../../lib/index.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { apply, replanned, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

/** The status, which must change nothing. */
async function statusOf(trial: Trial, roots: readonly string[] = trial.roots): Promise<StatusReport> {
  const before = treeOf(trial.dir);
  const report = await rollbackStatus(roots, { snapshotDir: trial.snapshotDir });
  expect(treeDifferences(before, treeOf(trial.dir))).to.deep.equal([]);
  return report;
}

const undosOf = (report: StatusReport): string[] => report.transactions.map((t) => t.undo.possible);
const statesOf = (report: StatusReport): string[] => report.transactions.map((t) => t.state);

/** Changes the documents that undo goes by. */
function rewrite({ areas }: Trial, change: (document: Record<string, unknown>) => object): void {
  for (const path of areas.map((area) => join(area, 'undo.json'))) {
    const document = decodeChecksummed(readFileSync(path)) as Record<string, unknown>;
    writeFileSync(path, encodeChecksummed(change(document)));
  }
}

describe('status of a finished rollback', () => {
  const trials = Trials.forSuite('many-roots');

  const applied = async (): Promise<Trial> => {
    const trial = await trials.next();
    await run(apply, trial);
    return trial;
  };

  it('says of several rollbacks which one can be undone now', async () => {
    const first = await applied();
    const second = await replanned(first);
    await run(apply, second);
    const report = await statusOf(second);
    expect(report.transactions.map((t) => t.id)).to.deep.equal([second.plan.id, first.plan.id]);
    expect([statesOf(report), undosOf(report)]).to.deep.equal([
      ['applied', 'applied'],
      ['now', 'after-newer'],
    ]);
    expect([report.unfinished, report.blocks]).to.deep.equal([false, []]);
    second.end();
  });

  it('of some of its roots has a state of its own, and tells where the others were', async () => {
    const trial = await applied();
    const [given, ...others] = trial.roots as [string, ...string[]];
    const report = await statusOf(trial, [given]);
    expect([statesOf(report), undosOf(report)]).to.deep.equal([['needs-roots'], ['incomplete-source']]);
    expect(report.transactions[0]).to.deep.include({ missingRoots: others, rootsGiven: 1, roots: 4 });
    trial.end();
  });

  it('of as many roots, one of them of another database, still asks for the one that was forgotten', async () => {
    const [trial, other] = [await applied(), await trials.next()];
    const roots = [...trial.roots.slice(1), other.roots[0] as string];
    const { transactions } = await rollbackStatus(roots);
    expect(transactions[0]).to.deep.include({ state: 'needs-roots', missingRoots: [trial.roots[0]] });
    for (const work of [purgeUndo, undoRollback])
      expect((await rejection(work(roots))).code).to.equal('ERR_ROOTS_UNCERTAIN');
    expect(statesOf(await statusOf(trial))).to.deep.equal(['applied']);
    for (const each of [trial, other]) each.end();
  });

  it('that a purge has freed in part says so with all roots', async () => {
    const trial = await applied();
    rmSync(trial.areas[0]!, { recursive: true });
    const report = await statusOf(trial);
    expect([statesOf(report), undosOf(report)]).to.deep.equal([['partial'], ['refused']]);
    expect(report.transactions[0]?.undo.code).to.equal('ERR_NOTHING_TO_UNDO');
    trial.end();
  });

  it('finds records that were written since, as undo does', async () => {
    const trial = await applied();
    const segments = join(trial.roots[0]!, 'blobs', 'segments');
    const values = readdirSync(segments).find((name) => name.endsWith('.values')) as string;
    appendFileSync(join(segments, values), 'new');
    const [found] = (await statusOf(trial)).transactions;
    const refusal = await rejection(undoRollback(trial.roots));
    expect(found?.undo).to.deep.equal({
      possible: 'refused',
      code: 'ERR_UNDO_REFUSED',
      reason: refusal.what,
      path: refusal.place.path,
    });
    trial.end();
  });

  it('finds that a kept file is gone, as undo does', async () => {
    const trial = await applied();
    const kept = trial.areas.flatMap((area) =>
      readdirSync(join(area, 'kept')).map((n) => join(area, 'kept', n)),
    );
    const gone = kept.find((path) => /original|tail/.test(path)) as string;
    rmSync(gone, { recursive: true });
    const [found] = (await statusOf(trial)).transactions;
    expect(found?.undo).to.include({ possible: 'refused', code: 'ERR_UNDO_REFUSED', path: gone });
    expect((await rejection(undoRollback(trial.roots))).code).to.equal('ERR_UNDO_REFUSED');
    trial.end();
  });

  it('tells where the clock contradicts the numbers', async () => {
    const first = await applied();
    expect((await statusOf(first)).clockContradictions).to.deep.equal([]);
    const second = await replanned(first);
    await run(apply, second);
    expect((await statusOf(second)).clockContradictions).to.deep.equal([]);
    rewrite(second, (document) => ({ ...document, begunAt: '2001-01-01T00:00:00.000Z' }));
    const report = await statusOf(second);
    expect(report.transactions[0]?.id).to.equal(second.plan.id);
    expect(report.clockContradictions).to.deep.equal([{ newer: second.plan.id, older: first.plan.id }]);
    expect(undosOf(report)).to.deep.equal(['now', 'after-newer']);
    second.end();
  });
});

describe('status of an unfinished rollback', () => {
  const trials = Trials.forSuite('many-roots');

  const midway = async (): Promise<Trial> => {
    const trial = await trials.next();
    await trials.dieMidway(trial);
    return trial;
  };

  it('lists every lock and bolt, and that both ways lead out', async () => {
    const trial = await midway();
    const report = await statusOf(trial);
    expect([report.unfinished, statesOf(report), undosOf(report)]).to.deep.equal([
      true,
      ['unfinished'],
      ['now'],
    ]);
    const ofKind = (kind: string): string[] =>
      report.blocks.filter((b) => b.kind === kind).map((b) => b.path);
    expect(ofKind('rollback-lock')).to.deep.equal(trial.roots.map((root) => join(root, 'litt.lock')));
    expect(ofKind('bolt').sort()).to.deep.equal(
      [...treeOf(trial.dir).keys()]
        .filter((path) => path.endsWith(BOLT_FILE))
        .map((path) => join(trial.dir, path))
        .sort(),
    );
    expect(ofKind('bolt')).not.to.deep.equal([]);
    trial.end();
  });

  it('tells a lost journal as such, and not as a trace', async () => {
    const trial = await midway();
    for (const area of trial.areas) rmSync(area, { recursive: true });
    const report = await statusOf(trial);
    expect([report.unfinished, report.traces, report.transactions]).to.deep.equal([true, [], []]);
    expect(report.lostJournals).to.deep.equal(trial.roots.map((root) => join(root, 'litt.lock')));
    trial.end();
  });

  it('whose documents are gone, though its steps are kept, tells of a lost journal, too', async () => {
    const trial = await midway();
    for (const area of trial.areas) unlinkSync(join(area, 'journal.json'));
    const report = await statusOf(trial);
    expect([report.unfinished, report.traces]).to.deep.equal([true, []]);
    expect(report.lostJournals).to.include.members([...trial.areas]);
    trial.end();
  });

  it('stops before older ones are undone', async () => {
    const first = await trials.next();
    await run(apply, first);
    const second = await replanned(first);
    await trials.dieMidway(second);
    expect(undosOf(await statusOf(second))).to.deep.equal(['now', 'after-newer']);
    second.end();
  });
});

describe('status of an ordinary lock', () => {
  const trials = Trials.forSuite('many-roots');

  it('names the process that holds it, and calls nothing unfinished', async () => {
    const trial = await trials.next();
    const path = join(trial.roots[0]!, 'litt.lock');
    writeFileSync(path, `PID: ${process.pid}\nTimestamp: 2026-01-01T00:00:00Z\n`);
    const report = await statusOf(trial);
    expect(report.blocks).to.deep.equal([{ kind: 'held', path, pid: process.pid }]);
    expect(report.unfinished).to.equal(false);
    trial.end();
  });
});
