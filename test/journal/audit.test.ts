/** The record of what was done to a database: every apply, resume, undo and purge, as lines of JSON in each root. */
import { appendFileSync, readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rollbackStatus } from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { isFenced } from '../../lib/store/fence.ts';
import { programVersion } from '../../lib/version.ts';
import {
  apply,
  die,
  nothing,
  purge,
  resume,
  run,
  type Trial,
  Trials,
  undoFinished,
  undoUnfinished,
} from '../helpers/interruptions.ts';
import type { FaultyOp } from '../proof/simulator/faulty-fs.ts';

type Line = Record<string, string | number | null>;

/** The lines of the audit in one root. */
function linesIn(root: string): Line[] {
  const text = readFileSync(join(root, '.litt-rollback', 'audit.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The lines of the audit, the same in every root. */
function linesOf({ roots }: Trial): Line[] {
  const [first, ...others] = roots.map((root) => linesIn(root).map(({ at: _, ...line }) => line));
  for (const other of others) expect(other).to.deep.equal(first);
  return linesIn(roots[0]!);
}

const inWords = (lines: readonly Line[]): string[] => lines.map((l) => `${l['action']}: ${l['outcome']}`);
const wordsOf = (trial: Trial): string[] => inWords(linesOf(trial));

describe('journal/audit', () => {
  const trials = Trials.forSuite('many-roots');

  it('says when, by which version, which plan and what came of it', async () => {
    const trial = await trials.next();
    const begun = Date.now();
    await run(apply, trial);
    const { id, target, digest } = trial.plan;
    const [line] = linesOf(trial);
    const { at, durationMs, ...rest } = line!;
    const outcomes = trial.plan.tables.map((t) => t.removed);
    const sum = (of: (amount: (typeof outcomes)[number]) => number) =>
      outcomes.reduce((n, o) => n + of(o), 0);
    expect(rest).to.deep.equal({
      version: programVersion(),
      action: 'apply',
      transaction: id,
      plan: digest,
      target,
      outcome: 'finished',
      recordsRemoved: sum((o) => o.records),
      bytesRemoved: sum((o) => o.keyBytes + o.valueBytes),
      steps: trial.plan.tables.reduce((n, t) => n + t.steps.length, 0),
      user: userInfo().username,
      host: hostname(),
    });
    expect(durationMs).to.be.within(0, Date.now() - begun + 1);
    expect(Date.parse(at as string)).to.be.within(begun, Date.now());
    trial.end();
  });

  it('has a line for an undo and a purge, with the plan that they end', async () => {
    const undone = await trials.next();
    await run(apply, undone);
    await run(undoFinished, undone);
    expect(wordsOf(undone)).to.deep.equal(['apply: finished', 'undo: taken back']);
    const purged = await trials.next();
    await run(apply, purged);
    await run(purge, purged);
    expect(wordsOf(purged)).to.deep.equal(['apply: finished', 'purge: purged']);
    for (const trial of [undone, purged]) {
      expect(linesOf(trial).map((l) => l['plan'])).to.deep.equal([trial.plan.digest, trial.plan.digest]);
      trial.end();
    }
  });

  it('has a line for an apply that fails half-way, and for what finishes it or takes it back', async () => {
    const calls = await trials.calls(nothing, apply);
    const failAt = { index: Math.floor(calls / 2), errno: 'EIO' } as const;
    for (const [recover, words] of [
      [resume, 'resume: finished'],
      [undoUnfinished, 'undo: taken back'],
    ] as const) {
      const trial = await trials.next();
      const { error } = await trial.run(apply, { failAt });
      expect(error).to.have.property('code').that.is.oneOf(['ERR_IO', 'ERR_UNFINISHED']);
      await run(recover, trial);
      expect(wordsOf(trial)[0]).to.equal(`apply: failed: ${(error as { code: string }).code}`);
      expect(wordsOf(trial).slice(1)).to.deep.equal([words]);
      trial.end();
    }
  });

  it('says that the rollback stands where the run that ended it died before its line', async () => {
    const calls = await trials.calls(nothing, apply);
    let told = 0;
    for (let call = calls - 1; told === 0 && call > calls / 2; call--) {
      const trial = await trials.next();
      await die(trial, apply, call);
      const isShut = trial.roots.every((root) => isFenced(realFs, root));
      const [transaction] = (await rollbackStatus(trial.roots)).transactions;
      if (isShut && transaction?.state === 'applied') {
        await run(resume, trial);
        expect(wordsOf(trial)).to.deep.equal(['resume: the rollback stands']);
        expect(linesOf(trial)[0]).to.include({ transaction: trial.plan.id, plan: trial.plan.digest });
        told++;
      }
      trial.end();
    }
    expect(told).to.equal(1);
  });

  it('is told by status --history: each line of the roots once, and no torn one', async () => {
    const trial = await trials.next();
    expect((await rollbackStatus(trial.roots, { history: true })).history).to.deep.equal([]);
    await run(apply, trial);
    await run(undoFinished, trial);
    appendFileSync(join(trial.roots[1]!, '.litt-rollback', 'audit.jsonl'), '{"at":"20');
    const { history } = await rollbackStatus(trial.roots, { history: true });
    expect(history).to.deep.equal(linesIn(trial.roots[0]!));
    expect(inWords(history as unknown as Line[])).to.deep.equal(['apply: finished', 'undo: taken back']);
    expect(await rollbackStatus(trial.roots)).not.to.have.property('history');
    trial.end();
  });

  it('has a line for a purge that fails', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    const failWhen = ({ name, paths }: FaultyOp): boolean => name === 'rename' && /trash-/.test(paths.join());
    const { error } = await trial.run(purge, { failWhen });
    if (error === null) throw new Error('it did not fail');
    expect(inWords(linesIn(trial.roots[0]!))).to.deep.equal(['apply: finished', 'purge: failed: ERR_IO']);
    trial.end();
  });

  it('has a line of every recovery in every root, wherever a run died, unless nothing had been changed', async () => {
    const applied = await trials.calls(nothing, apply);
    let recovered = 0;
    for (let call = 20; call < applied; call += 23) {
      const trial = await trials.next();
      await die(trial, apply, call);
      const outcome = (await run(resume, trial)) as { action: string };
      for (const root of outcome.action === 'finished' ? trial.roots : [])
        expect(inWords(linesIn(root)).at(-1)).to.match(/^resume: /);
      if (outcome.action === 'finished') recovered++;
      trial.end();
    }
    expect(recovered).to.be.greaterThan(3);
  });
});
