/** Runs that die or fail at one of their calls, within this process and on the real file system. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { applyWith } from '../../lib/apply/apply.ts';
import { planRollback, type RollbackPlan, rollbackStatus } from '../../lib/index.ts';
import { purgeWith } from '../../lib/recover/purge.ts';
import { resumeWith } from '../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { CrashNow, type Fault, FaultyFs, type FaultyOp } from '../proof/simulator/faulty-fs.ts';
import { HeldTree } from './copies.ts';
import type { UnpackedCase } from './fixtures.ts';
import { removeTempDir, tempDir } from './temp.ts';
import { comparable, databasePart, databaseTree, planOptions, unpackNamed } from './transactions.ts';
import { named, type Tree, treeDifferences, treeOf } from './tree.ts';

/** What is run: on some file system, with the roots of a trial. */
export type Work = (fs: DurableFs, trial: Trial) => unknown;

/** What became of a run. */
export interface Ended {
  /** Null when it came to its end. */
  readonly error: unknown;
  readonly died: boolean;
  readonly ops: readonly FaultyOp[];
}

/** One copy of a database, and what was in it before: what is there now, unless that is known. */
export class Trial {
  constructor(
    readonly dir: string,
    readonly roots: readonly string[],
    readonly plan: RollbackPlan,
    readonly snapshotDir: string | undefined,
    readonly before: Tree = databaseTree(dir),
  ) {}

  /** The same copy, as it looks to a user who has forgotten the other roots. */
  withRoots(roots: readonly string[]): Trial {
    return new Trial(this.dir, roots, this.plan, this.snapshotDir, this.before);
  }

  /** The areas of the plan's transaction, also those that are not there. */
  get areas(): string[] {
    const { roots, snapshotDir, plan } = this;
    const dirs = snapshotDir === undefined ? roots : [...roots, snapshotDir];
    return dirs.map((dir) => join(dir, '.litt-rollback', plan.id));
  }

  /** Every directory in which the engine takes a lock. */
  get lockedDirs(): string[] {
    const { roots, snapshotDir } = this;
    if (snapshotDir === undefined) return [...roots];
    const below = readdirSync(snapshotDir).filter((name) => this.plan.tables.some((t) => t.table === name));
    return [...roots, snapshotDir, ...below.map((name) => join(snapshotDir, name))];
  }

  /** Runs something with a fault. */
  async run(work: Work, fault: Fault): Promise<Ended> {
    const fs = new FaultyFs(realFs, fault);
    try {
      await work(fs, this);
    } catch (error) {
      return { error, died: fs.crashed, ops: fs.ops };
    }
    return { error: null, died: fs.crashed, ops: fs.ops };
  }

  /** Which state the database is in; a complaint when it is neither, or something is left that keeps it shut. */
  async state(after: Tree): Promise<string> {
    const all = treeOf(this.dir);
    const tree = databasePart(all);
    const left = [...named(all, /^(litt\.lock|UNFINISHED.*|.*litt-rollback-tmp)$/)];
    const trash = [...all.keys()].filter((p) => /\.litt-rollback\/trash-/.test(p));
    const report = await rollbackStatus(this.roots);
    if (left.length > 0 || trash.length > 0 || report.traces.length > 0)
      return `left: ${[...left, ...trash, ...report.traces].join(', ')}`;
    const kept = report.transactions.map((t) => t.state).join(', ');
    if (treeDifferences(this.before, tree).length === 0) return kept === '' ? 'before' : `before, ${kept}`;
    const differences = treeDifferences(comparable(after), comparable(tree));
    if (differences.length > 0) return `mixed: ${differences.join('; ')}`;
    return kept === '' ? 'after' : `after, ${kept}`;
  }

  /** Removes the copy. */
  end(): void {
    removeTempDir(this.dir);
  }
}

/** The same database with another plan, of what is there now. */
export async function replanned(trial: Trial): Promise<Trial> {
  const { roots, snapshotDir } = trial;
  const plan = await planRollback({ roots, snapshotDir, target: { kind: 'drop-last', groups: 3 } });
  return new Trial(trial.dir, roots, plan, snapshotDir);
}

/** Makes trials on copies of one fixture. */
export class Trials {
  private unpacked!: UnpackedCase;
  private held!: HeldTree;
  private readonly known: { readonly prepare: Work; readonly work: Work; readonly ended: Ended }[] = [];
  /** What an undisturbed apply leaves. */
  after: Tree = new Map();

  /** On a fixture, for the tests of the suite that asks: made before the first of them, and gone after the last. */
  static forSuite(name: string): Trials {
    const trials = new Trials();
    before(() => trials.begin(name));
    after(() => trials.end());
    return trials;
  }

  static async on(name: string): Promise<Trials> {
    const trials = new Trials();
    await trials.begin(name);
    return trials;
  }

  private async begin(name: string): Promise<void> {
    this.unpacked = unpackNamed(name);
    rmSync(join(this.unpacked.databases[0]![0]!, 'litt.lock'), { force: true });
    this.held = new HeldTree(this.unpacked.dir);
    const trial = await this.next();
    await trial.run(apply, {});
    this.after = databaseTree(trial.dir);
    trial.end();
  }

  /** A fresh copy with its plan. */
  async next(): Promise<Trial> {
    const { dir: from, databases, snapshotDir: snapshots } = this.unpacked;
    const dir = tempDir('litt-trial-');
    this.held.writeTo(dir);
    const roots = databases[0]!.map((root) => root.replace(from, dir));
    const snapshotDir = snapshots?.replace(from, dir);
    const plan = await planRollback({ ...planOptions(this.unpacked), roots, snapshotDir });
    return new Trial(dir, roots, plan, snapshotDir);
  }

  /** The number of calls of an undisturbed run. */
  async calls(prepare: Work, work: Work): Promise<number> {
    const { ops, error } = await this.undisturbed(prepare, work);
    if (error !== null) throw error;
    return ops.length;
  }

  /** An undisturbed run: made once, because it makes the same calls on every copy. */
  private async undisturbed(prepare: Work, work: Work): Promise<Ended> {
    const known = this.known.find((k) => k.prepare === prepare && k.work === work);
    if (known !== undefined) return known.ended;
    const trial = await this.next();
    await prepare(realFs, trial);
    const ended = await trial.run(work, {});
    trial.end();
    this.known.push({ prepare, work, ended });
    return ended;
  }

  /** Dies at one of the first steps of an apply, whatever its plan. */
  async dieAtSteps(trial: Trial): Promise<void> {
    await dieAfter(trial, apply, isCommitted, trial.areas.length, 8);
  }

  /** Dies in the middle of a run: of an apply, in the middle of its steps. */
  async dieMidway(trial: Trial, work: Work = apply): Promise<void> {
    const { ops } = await this.undisturbed(nothing, work);
    const marks = ops.filter(isCommitted).length;
    const from = ops.findLastIndex(isCommitted);
    const done = ops.findIndex(({ name, paths }) => name === 'rename' && paths[1]?.endsWith('/done'));
    await dieAfter(trial, work, isCommitted, marks, Math.ceil(((done < 0 ? ops.length : done) - from) / 2));
  }

  end(): void {
    removeTempDir(this.unpacked.dir);
  }
}

export const apply: Work = (fs, { plan, lockedDirs }) => applyWith(fs, plan, lockedDirs);
export const applyWithoutUndo: Work = (fs, { plan, lockedDirs }) =>
  applyWith(fs, plan, lockedDirs, { keepUndo: false });
export const resume: Work = (fs, { roots, snapshotDir }) => resumeWith(fs, roots, { snapshotDir });
export const undoFinished: Work = (fs, { roots, lockedDirs, snapshotDir }) =>
  undoWith(fs, roots, lockedDirs, { snapshotDir });
export const undoUnfinished: Work = (fs, { roots, snapshotDir }) => undoOpen(fs, roots, { snapshotDir });
export const purge: Work = (fs, { roots }) => purgeWith(fs, roots);
export const nothing: Work = () => {};

/** A run that dies at a call; whatever else it throws is a failure of the test. */
export async function die(trial: Trial, work: Work, crashAt: number): Promise<void> {
  dies(await trial.run(work, { crashAt }), `call ${crashAt}`);
}

/** A mark that says that the steps may begin. */
const isCommitted = ({ name, paths }: FaultyOp): boolean =>
  name === 'rename' && paths[1]?.endsWith('/committed') === true;

/** Dies some calls behind the last one of a number of calls; the calls before those may be more in one database than in another. */
async function dieAfter(
  trial: Trial,
  work: Work,
  isOne: (op: FaultyOp) => boolean,
  number: number,
  calls: number,
): Promise<void> {
  let seen = 0;
  let behind = 0;
  const crashWhen = (op: FaultyOp): boolean => {
    if (seen === number) return ++behind === calls;
    if (isOne(op)) seen++;
    return false;
  };
  dies(await trial.run(work, { crashWhen }), `${calls} calls behind its last mark`);
}

function dies({ error, died }: Ended, at: string): void {
  if (!died) throw new Error(`it did not die at ${at}`);
  if (error !== null && !(error instanceof CrashNow) && !mentions(error)) throw error;
}

/** The program may have wrapped what it was thrown. */
const mentions = (error: unknown): boolean => String((error as Error).cause ?? error).includes('dead');

/** Runs something undisturbed. */
export const run = async (work: Work, trial: Trial): Promise<unknown> => work(realFs, trial);

/** Dies at every `every`-th call of a run, from `first` on, and looks at what is left each time. */
export async function dyingEverywhere(
  trials: Trials,
  prepare: Work,
  work: Work,
  look: (trial: Trial, call: number) => Promise<void>,
  { first = 0, last = Number.POSITIVE_INFINITY, every = 1 } = {},
): Promise<number> {
  const calls = await trials.calls(prepare, work);
  let looked = 0;
  for (let call = first; call < Math.min(calls, last); call += every) {
    const trial = await trials.next();
    await run(prepare, trial);
    await die(trial, work, call);
    await look(trial, call);
    trial.end();
    looked++;
  }
  return looked;
}
