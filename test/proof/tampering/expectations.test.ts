/** What is accepted of a tampered database, and what just beside it is not. */
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../../lib/errors.ts';
import { planRollback } from '../../../lib/index.ts';
import { removeTempDir } from '../../helpers/temp.ts';
import { planOptions, unpackNamed } from '../../helpers/transactions.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { observe } from '../simulator/observe.ts';
import { applyRun, record } from '../simulator/runs.ts';
import type { Subject } from '../simulator/subject.ts';
import { loadTree } from '../simulator/tree-io.ts';
import { disturbedBeginnings } from './cases.ts';
import { problemsOf } from './expectations.ts';
import { areasOf } from './journal-tampering.ts';
import { lossless } from './lossless.ts';
import type { StoppingPoint } from './stopping-point.ts';
import { type Outcome, stateFor, type TrialCase, tryCase } from './trial.ts';

async function appliedPoint(): Promise<StoppingPoint> {
  const unpacked = unpackNamed('many-roots');
  const { dir } = unpacked;
  try {
    const plan = await planRollback(planOptions(unpacked));
    const start = loadTree(dir);
    const base = { dir, roots: plan.roots, lockedDirs: plan.roots, keepUndo: true };
    const subject: Subject = { ...base, snapshotDir: undefined, plan, start };
    const { end } = await record(applyRun(subject));
    return { name: 'apply', subject, fs: end, applied: end, way: '', part: '', phase: '', sort: '' };
  } finally {
    removeTempDir(dir);
  }
}

function undoAfter(point: StoppingPoint, tamper: (fs: MemoryFs) => void): TrialCase {
  const { roots, snapshotDir } = point.subject;
  const call = { how: 'undo', roots, snapshotDir, forceUnlock: false, onDisk: false } as const;
  return { name: 'undo', point, call, tamper, isUnseen: false, leadsOut: false };
}

/** The outcome without one line of its data. */
function lacking({ left, ...outcome }: Outcome, pattern: RegExp): Outcome {
  const lines = left.data.split('\n');
  const at = lines.findIndex((line) => pattern.test(line));
  expect(at, String(pattern)).to.be.at.least(0);
  return { ...outcome, left: { ...left, data: lines.toSpliced(at, 1).join('\n') } };
}

describe('the demands on a tampered database', () => {
  let point: StoppingPoint;
  before(async () => {
    point = await appliedPoint();
  });

  it('let undo leave a keymap away whose undo copy is gone, and nothing else', async () => {
    const index = point.subject.plan.tables
      .flatMap((t) => t.steps)
      .findIndex((s) => s.op === 'remove-directory');
    const copies = areasOf(point).map((area) => join(area, 'kept', `${index}.removed`));
    const trial = undoAfter(point, (fs) => {
      for (const copy of copies) fs.removeTree(copy);
    });
    const outcome = await tryCase(trial);
    expect(outcome.left.data).to.not.equal(observe(point.subject.start, point.subject).data);
    expect(problemsOf(trial, outcome)).to.deep.equal([]);
    expect(problemsOf(trial, lacking(outcome, /\.values /))).to.have.length(1);
    const whole = undoAfter(point, () => {});
    const restored = await tryCase(whole);
    expect(problemsOf(whole, restored)).to.deep.equal([]);
    expect(problemsOf(whole, lacking(restored, /\/keymap directory /))).to.have.length(1);
  });

  it('want a run that has not begun to give way, and to change nothing', async () => {
    const inFirst = `in ${point.subject.roots[0]},`;
    const disturbed = disturbedBeginnings(point.subject, point.applied);
    const others = disturbed.filter((c) => c.moment !== undefined && c.name.includes(inFirst));
    expect(new Set(others.map((c) => `${c.call.how} ${c.moment}`)).size).to.equal(3);
    for (const trial of others) {
      const outcome = await tryCase(trial);
      expect(problemsOf(trial, outcome), trial.name).to.deep.equal([]);
      expect(problemsOf(trial, { ...outcome, fate: 'applied' }), trial.name).to.have.length(1);
      expect(problemsOf(trial, lacking(outcome, /\.keys /)), trial.name).to.have.length(1);
    }
  });

  it('want a resume to lead out where nothing is lost', async () => {
    const tamperings = lossless(point);
    expect(tamperings.map((t) => t.name)).to.include('copied into other inodes');
    for (const { tamper, leadsOut = false } of tamperings) {
      const undo = undoAfter(point, tamper);
      const resume: TrialCase = { ...undo, call: { ...undo.call, how: 'resume' }, leadsOut };
      const outcome = await tryCase(resume);
      expect(problemsOf(resume, outcome)).to.deep.equal([]);
      const error = new RollbackError('ERR_LOCKED', { what: 'It is shut', next: 'Wait' });
      const left = observe(stateFor(resume), point.subject);
      expect(problemsOf(resume, { ...outcome, fate: error.code, error, left })).to.have.length(1);
    }
  });
});
