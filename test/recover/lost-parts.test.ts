/**
 * Journals with a missing part, or with a part of another program: which commands they block, and which not.
 */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeChecksummed, encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { applyPlan, planRollback, purgeUndo, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import {
  apply,
  applyWithoutUndo,
  die,
  nothing,
  replanned,
  resume,
  run,
  Trial,
  Trials,
  undoFinished,
  undoUnfinished,
} from '../helpers/interruptions.ts';
import { rejection } from '../helpers/refusals.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

describe('beside a rollback', () => {
  const trials = Trials.forSuite('many-roots');

  const documents = ({ areas }: Trial): string[] => areas.map((area) => join(area, 'undo.json'));

  it('what another version has kept for undo blocks no command, and is not reverted by this one', async () => {
    const first = await trials.next();
    await run(apply, first);
    for (const path of documents(first)) {
      const { plan, ...document } = decodeChecksummed(readFileSync(path)) as { plan: { digest?: string } };
      delete plan.digest;
      writeFileSync(path, encodeChecksummed({ ...document, plan }));
    }
    const second = await replanned(first);
    const before = databaseTree(second.dir);
    expect((await rejection(undoRollback(second.roots))).code).to.equal('ERR_JOURNAL');
    await trials.dieMidway(second);
    await run(resume, second);
    const { transactions } = await rollbackStatus(second.roots);
    expect(transactions.map((t) => t.state)).to.deep.equal(['applied', 'partial']);
    await run(undoFinished, second);
    expect(treeDifferences(before, databaseTree(second.dir))).to.deep.equal([]);
    expect((await purgeUndo(second.roots)).purged).to.deep.equal([first.plan.id]);
    second.end();
  });

  it('what tells no time, or a newer one, is not freed with an older rollback', async () => {
    const first = await trials.next();
    await run(apply, first);
    const second = await replanned(first);
    await run(apply, second);
    for (const path of documents(second)) {
      const document = decodeChecksummed(readFileSync(path)) as object;
      writeFileSync(path, encodeChecksummed({ ...document, version: 2 }));
    }
    expect((await rejection(run(undoFinished, second))).code).to.equal('ERR_JOURNAL');
    expect((await purgeUndo(second.roots, { id: first.plan.id })).purged).to.deep.equal([first.plan.id]);
    for (const path of documents(second)) truncateSync(path, 10);
    const { transactions } = await rollbackStatus(second.roots);
    expect(transactions.map((t) => t.id)).to.deep.equal([second.plan.id]);
    second.end();
  });

  it('a part that is damaged in one root is told as that', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    truncateSync(documents(trial)[1]!, 10);
    const error = await rejection(run(undoFinished, trial));
    expect(error.code).to.equal('ERR_JOURNAL');
    expect(error.place.path).to.contain(trial.roots[1]!);
    trial.end();
  });

  it('the trash of an attempt that was swept away is not in the way of the next one', async () => {
    for (const next of [apply, applyWithoutUndo]) {
      const trial = await trials.next();
      for (const root of trial.roots) {
        realFs.mkdir(join(root, '.litt-rollback'));
        realFs.mkdir(join(root, '.litt-rollback', `trash-${trial.plan.id}`));
      }
      await trials.dieMidway(trial, next);
      await run(undoUnfinished, trial);
      expect(await trial.state(trials.after)).to.equal('before');
      await run(applyWithoutUndo, await replanned(trial));
      trial.end();
    }
  });

  it('an undo that is over is not ended for some of the roots', async () => {
    let refused = 0;
    const calls = await trials.calls(apply, undoFinished);
    for (let call = Math.floor(calls * 0.6); call < calls; call += 27) {
      const trial = await trials.next();
      await run(apply, trial);
      await die(trial, undoFinished, call);
      const part = trial.withRoots(trial.roots.slice(0, 1));
      const { error } = await part.run(resume, {});
      if ((error as { code?: string } | null)?.code === 'ERR_ROOTS_UNCERTAIN') refused++;
      await run(resume, trial);
      expect(await trial.state(trials.after), `call ${call}`).to.equal('before');
      trial.end();
    }
    expect(refused).to.be.greaterThan(2);
  });

  it('a root that was not given is told as that, also where a document was not yet written', async () => {
    const calls = await trials.calls(nothing, apply);
    const codes: string[] = [];
    for (let call = 10; call < calls; call += 27) {
      const trial = await trials.next();
      await die(trial, apply, call);
      const part = trial.withRoots(trial.roots.slice(1));
      for (const recover of [resume, undoUnfinished]) {
        const { error } = await part.run(recover, {});
        if (error !== null) codes.push(String((error as { code?: string }).code));
      }
      trial.end();
    }
    expect(codes.filter((code) => code === 'ERR_ROOTS_UNCERTAIN').length).to.be.greaterThan(5);
    expect(codes).not.to.include('ERR_JOURNAL');
  });

  it('an engine that was let in between the last step and the end keeps no command from the end', async () => {
    const trial = await dieDone();
    const { table } = trial.plan.tables[0]!;
    openByForce(trial);
    // As an idle start leaves it.
    realFs.mkdir(join(trial.roots[0]!, table, 'keymap'));
    writeFileSync(join(trial.roots[0]!, table, 'keymap', 'keymap-type.txt'), 'MemKeymap');
    await run(resume, trial);
    expect((await rollbackStatus(trial.roots)).transactions.map((t) => t.state)).to.deep.equal(['applied']);
    trial.end();
  });

  it('what an engine has written between the last step and the end is not mixed with what undo puts back', async () => {
    const trial = await dieDone();
    openByForce(trial);
    const { table } = trial.plan.tables[0]!;
    const kept = trial.plan.tables[0]!.segments.filter((f) => f.fate === 'kept' || f.fate === 'cut');
    const next = (kept.at(-1)?.segment ?? 0) + 1;
    const dir = join(trial.roots[0]!, table, 'segments');
    for (const name of ['0.metadata', '0.keys', '0-0.values']) {
      const from = trial.roots.map((r) => join(r, table, 'segments', name)).find((path) => existsSync(path));
      copyFileSync(from!, join(dir, name.replace(/^0/, String(next))));
    }
    const before = databaseTree(trial.dir);
    const { error } = await trial.run(undoUnfinished, {});
    expect(error).to.have.property('code').that.is.oneOf(['ERR_UNDO_REFUSED', 'ERR_FILE_MISSING']);
    expect(treeDifferences(before, databaseTree(trial.dir))).to.deep.equal([]);
    await run(resume, trial);
    trial.end();
  });

  /** Dies at the last call before which every root is marked done, and the journal is still one. */
  async function dieDone(): Promise<Trial> {
    for (let call = (await trials.calls(nothing, apply)) - 1; call > 0; call--) {
      const trial = await trials.next();
      await die(trial, apply, call);
      if (trial.areas.every((a) => ['done', 'journal.json'].every((name) => readdirSync(a).includes(name))))
        return trial;
      trial.end();
    }
    throw new Error('it was never done');
  }

  function openByForce({ roots, plan }: Trial): void {
    for (const root of roots) {
      rmSync(join(root, 'litt.lock'), { force: true });
      for (const { table } of plan.tables) rmSync(join(root, table, 'segments', BOLT_FILE), { force: true });
    }
  }

  it('an area without its document, with steps taken, keeps every other command out', async () => {
    const trial = await trials.next();
    await trials.dieMidway(trial);
    for (const area of trial.areas) rmSync(join(area, 'journal.json'));
    openByForce(trial);
    const { roots } = trial;
    const target = { kind: 'drop-last', groups: 1 } as const;
    expect((await rejection(planRollback({ roots, target }))).code).to.equal('ERR_JOURNAL');
    expect((await rejection(applyPlan(trial.plan))).code).to.equal('ERR_JOURNAL');
    expect((await rejection(purgeUndo(roots))).code).to.equal('ERR_JOURNAL');
    expect((await rejection(run(resume, trial))).code).to.equal('ERR_JOURNAL');
    trial.end();
  });
});

describe('a damaged mark of an undo', () => {
  it('does not leave a watermark in an emptied table', async () => {
    const trials = await Trials.on('watermark-at');
    const trial = await trials.next();
    const { roots, snapshotDir } = trial;
    const filter = (): boolean => false;
    const plan = await planRollback({
      roots,
      snapshotDir,
      target: { kind: 'filter', filter },
      onNoMatch: 'delete',
    });
    const deleting = new Trial(trial.dir, roots, plan, snapshotDir);
    await run(apply, deleting);
    const watermark = plan.tables
      .flatMap((t) => t.steps)
      .find((s) => s.op === 'remove-file' && s.reason === 'watermark')!;
    let stopped = false;
    for (let call = 10; !stopped; call++) {
      await die(deleting, undoFinished, call).catch(() => {
        throw new Error('the watermark never came back first');
      });
      stopped = readdirSync(join(roots[0]!, watermark.table)).includes('gc-watermark');
      if (!stopped) await run(resume, deleting);
      if (!stopped && (await rollbackStatus(roots)).transactions.length === 0) await run(apply, deleting);
    }
    for (const area of deleting.areas) truncateSync(join(area, 'undoing'), 5);
    const { error } = await deleting.run(resume, {});
    expect(error).to.have.property('code', 'ERR_UNFINISHED');
    await run(undoUnfinished, deleting);
    expect(treeDifferences(deleting.before, databaseTree(deleting.dir))).to.deep.equal([]);
    deleting.end();
    trials.end();
  });
});
