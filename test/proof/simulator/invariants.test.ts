/** The simulator's judge: what it must not let pass, made by hand from runs that are sound. */
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { BOLT } from '../own-files.ts';
import { crashStates } from './crash-states.ts';
import { Invariants } from './invariants.ts';
import type { MemoryFs } from './memory-fs.ts';
import { observe } from './observe.ts';
import { applyRun, laterRuns, type Recording, type Run, record } from './runs.ts';
import { makeSubject, type Subject, subjectSpec } from './subject.ts';
import { entriesBelow } from './tree-io.ts';

/** A subject with several roots whose values are cut, its run, and the middle of that. */
async function prepared(): Promise<{
  subject: Subject;
  apply: Run;
  applied: Recording;
  invariants: Invariants;
}> {
  for (const spec of fc.sample(subjectSpec, { seed: 1, numRuns: 100 })) {
    const subject = await makeSubject({ ...spec, keepUndo: true, owner: 1000 });
    const cuts = subject?.plan.tables.some((t) => t.steps.some((s) => s.op === 'cut-file' && s.to > 0));
    if (subject === null || subject.roots.length < 2 || cuts !== true) continue;
    const apply = applyRun(subject);
    const applied = await record(apply);
    return { subject, apply, applied, invariants: new Invariants(subject, applied.end) };
  }
  throw new Error('no such subject among the drawn ones');
}

describe('the judge of the simulator', () => {
  let on: Awaited<ReturnType<typeof prepared>>;
  before(async () => {
    on = await prepared();
  });

  /** The first state that is neither before nor after. */
  function mixed(): MemoryFs {
    const { subject, applied, invariants } = on;
    for (let k = 0; k <= applied.log.ops.length; k++) {
      const [state] = crashStates(applied.log, k, { sample: 0, singles: 0, seed: 1 });
      if (invariants.endOf(observe(state as MemoryFs, subject)) === null) return state as MemoryFs;
    }
    throw new Error('no mixed state');
  }

  const problems = (state: MemoryFs, bare: string | null = null): string =>
    on.invariants.problems(state, observe(state, on.subject), bare).join();

  it('demands every lock and every bolt while a transaction is open, readable by the node', () => {
    const { subject } = on;
    expect(problems(mixed())).to.equal('');
    for (const root of subject.roots) {
      const unlocked = mixed();
      const bare = observe(unlocked, subject).data;
      unlocked.unlink(`${root}/litt.lock`);
      expect(problems(unlocked)).to.match(/the engine may open/);
      expect(problems(unlocked, bare)).to.equal('');
      const foreign = mixed();
      foreign.chmod(`${root}/litt.lock`, 0o600);
      expect(problems(foreign)).to.match(/the node cannot use/);
    }
    const bolts = entriesBelow(mixed(), subject.dir).filter(([path]) => path.endsWith(BOLT));
    expect(bolts.length).to.be.greaterThan(1);
    for (const [path] of bolts) {
      const state = mixed();
      state.unlink(join(subject.dir, path));
      expect(problems(state)).to.match(/there is no bolt/);
    }
  });

  it('finds keys that point past the end of their values, and mixed states without a mark', () => {
    const { subject, applied } = on;
    const values = entriesBelow(applied.end, subject.dir).find(
      ([path, inode]) => /^root.*\.values$/.test(path) && inode.kind === 'file' && inode.bytes.length > 0,
    );
    const short = mixed();
    const fd = short.open(join(subject.dir, values?.[0] as string), 'r+');
    short.truncate(fd, 0);
    expect(problems(short)).to.match(/a kept key reaches to byte/);
    const unmarked = mixed();
    for (const { dir } of observe(unmarked, subject).areas) {
      unmarked.unlink(join(dir, '.litt-rollback', subject.plan.id, 'committed'));
    }
    expect(problems(unmarked)).to.match(/mixed, and the phase is intent/);
  });

  it('demands of an ended run that all it promised is there', async () => {
    const { subject, apply, applied, invariants } = on;
    const broken = ({ end }: Recording, run: Run, spoil: (fs: MemoryFs) => void): string => {
      const state = end.clone();
      spoil(state);
      return invariants.broken(state, observe(state, subject), run.promised).join();
    };
    const own = join(subject.roots.at(-1) as string, '.litt-rollback');
    expect(broken(applied, apply, () => {})).to.equal('');
    expect(broken(applied, apply, (fs) => fs.unlink(join(own, 'audit.jsonl')))).to.match(/has no line/);
    expect(broken(applied, apply, (fs) => fs.unlink(join(own, 'root-set.json')))).to.match(/do not remember/);
    const undoFile = join(own, subject.plan.id, 'undo.json');
    expect(broken(applied, apply, (fs) => fs.unlink(undoFile))).to.match(/cannot be taken back/);
    expect(broken(applied, apply, (fs) => fs.mkdir(join(own, 'trash-x')))).to.match(/there is left/);
    for (const run of laterRuns(subject, applied.end)) {
      const ended = await record(run);
      expect(
        broken(ended, run, () => {}),
        run.name,
      ).to.equal('');
      const area = dirname(undoFile);
      expect(
        broken(ended, run, (fs) => fs.mkdir(area)),
        run.name,
      ).to.match(/what undo kept is there/);
    }
  });
});
