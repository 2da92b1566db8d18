/** Crashes a subject at every point of a run, and recovers from what may be left. */
import { RollbackError } from '../../lib/errors.ts';
import { applyWith } from '../../lib/rollback/apply.ts';
import { purgeWith } from '../../lib/rollback/purge.ts';
import { resumeWith } from '../../lib/rollback/resume.ts';
import { findOpen, findTransactions } from '../../lib/rollback/transaction/find.ts';
import { undoOpen, undoWith } from '../../lib/rollback/undo.ts';
import { crashCases } from '../../test/helpers/sim/crash-states.ts';
import type { MemoryFs, OpLog } from '../../test/helpers/sim/memory-fs.ts';
import { Random } from '../../test/helpers/sim/random.ts';
import { digest } from '../../test/helpers/sim/tree-io.ts';
import { bury, firstDifference, type Look, look } from './judge.ts';
import { record, type Subject, type Work } from './subject.ts';

/** How much is tried. */
export interface Effort {
  /** At most so many points of each run. */
  readonly points: number;
  /** Random combinations of what survived, and operations tried alone, at each point. */
  readonly sample: number;
  readonly singles: number;
  /** One of so many recoveries is crashed, too. */
  readonly secondEvery: number;
}

/** What was tried. */
export type Counts = Record<string, number>;

/** Undo's answers when it has nothing, or no longer everything, to go by; the second after a part was freed. */
const NOTHING_TO_UNDO: readonly string[] = ['ERR_NOTHING_TO_UNDO', 'ERR_SNAPSHOT_DIR_WRONG'];

/** What went wrong. */
export class Violation extends Error {}

/** The states that recovering may end in. */
type End = 'before' | 'after';

/** Crashes apply, undo and purge of one subject; counts what was tried. */
export class Explorer {
  readonly counts: Counts = {};
  private readonly ends = new Map<End, string>();
  private random: Random;
  private step = 0;

  constructor(
    private readonly subject: Subject,
    private readonly effort: Effort,
    private readonly seed: number,
  ) {
    this.random = new Random(seed, 0);
  }

  /** @throws Violation */
  async explore(): Promise<void> {
    const { subject } = this;
    const { plan, roots, keepUndo, snapshotDir } = subject;
    this.ends.set('before', look(subject.start, subject).data);
    const apply: Work = (fs, dirs) => applyWith(fs, plan, dirs, { keepUndo });
    const applied = await record(subject, subject.start, apply);
    this.ends.set('after', look(applied.end, subject).data);
    this.demandClean(applied.end, 'after an apply');
    await this.crash('apply', applied.log);
    if (!keepUndo) return;
    const undo: Work = (fs, dirs) => undoWith(fs, roots, dirs, { snapshotDir });
    const undone = await record(subject, applied.end, undo);
    this.demand('undo', look(undone.end, subject), ['before']);
    this.demandClean(undone.end, 'after an undo');
    await this.crash('undo', undone.log);
    const purge: Work = (fs, dirs) => purgeWith(fs, dirs);
    await this.crash('purge', (await record(subject, applied.end, purge)).log);
  }

  private async crash(run: string, log: OpLog): Promise<void> {
    const seen = new Set<string>();
    for (const k of this.pointsOf(log.ops.length)) {
      this.count('crash points');
      const { sample, singles } = this.effort;
      for (const { state, describe } of crashCases(log, k, { sample, singles, seed: this.seed })) {
        this.count('crash states');
        // The same state by another way has been judged; of a run that has ended more is demanded.
        const ended = k === log.ops.length;
        const key = `${ended} ${digest(state, this.subject.dir)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        this.count('different crash states');
        try {
          await this.judge(run, state, ended);
        } catch (error) {
          const where = `${run}, after ${k} of ${log.ops.length} operations`;
          throw new Violation(`${where}: ${textOf(error)}\n    ${describe().join('\n    ')}`);
        }
      }
    }
  }

  /** All points of a short run; of a long one some, the last ones of them always. */
  private pointsOf(length: number): number[] {
    const all = Array.from({ length: length + 1 }, (_, k) => k);
    if (all.length <= this.effort.points) return all;
    const stride = all.length / this.effort.points;
    const offset = this.random.next(Math.ceil(stride));
    return all.filter(
      (k) => k === length || Math.floor((k + offset) / stride) !== Math.floor((k + offset - 1) / stride),
    );
  }

  private async judge(run: string, state: MemoryFs, ended: boolean): Promise<void> {
    const { subject } = this;
    const seen = look(state, subject);
    const where = this.endOf(seen);
    if (where === null) {
      // A mixed state must be shut: by every lock, and by the bolts when somebody deletes those.
      if (seen.open.length > 0) throw new Violation(`mixed, and the engine may open ${seen.open[0]}`);
      if (seen.unbolted.length > 0) throw new Violation(`mixed, and table ${seen.unbolted[0]} has no bolt`);
    }
    if (ended && where !== (run === 'undo' ? 'before' : 'after')) {
      throw new Violation(`it had ended, and is ${where ?? 'mixed'} all the same`);
    }
    bury(state, subject);
    const ends = this.endsOf(run, seen, where);
    await this.recover(state, 'resume', ends, true);
    await this.recover(state, 'undo', run === 'purge' ? ['before', 'after'] : ['before'], true);
  }

  /** What resume may lead to: a committed apply is finished, everything else may have ended either way. */
  private endsOf(run: string, seen: Look, where: End | null): readonly End[] {
    if (run === 'apply' && seen.committed) return ['after'];
    if (run === 'apply') return where === null ? [] : [where];
    return run === 'purge' ? ['after'] : ['before', 'after'];
  }

  /** Recovers in a copy; now and then crashes on the way, and recovers from that. */
  private async recover(
    from: MemoryFs,
    how: 'resume' | 'undo',
    ends: readonly End[],
    mayCrash: boolean,
  ): Promise<void> {
    const copy = from.clone();
    const log = copy.record();
    const tried = await this.run(copy, how);
    this.count(how === 'resume' ? 'resumed' : 'undone');
    const found = look(copy, this.subject);
    // Nothing to undo, or no longer possible: then it must be clean, and as it was.
    if (!tried) this.demandSame(look(from, this.subject), found);
    else this.demand(how, found, ends);
    if (tried) this.demandClean(copy, `after ${how}`);
    if (!mayCrash || !tried || this.step++ % this.effort.secondEvery !== 0) return;
    const k = this.random.next(log.ops.length + 1);
    for (const { state, describe } of crashCases(log, k, { sample: 1, singles: 1, seed: this.seed })) {
      bury(state, this.subject);
      this.count('second crashes');
      try {
        await this.recover(state, how, ends, false);
        if (how === 'undo') await this.recover(state, 'resume', ['before', 'after'], false);
        else await this.recover(state, 'undo', ['before', 'after'], false);
      } catch (error) {
        const text = `crashed again after ${k} of ${log.ops.length} operations of ${how}: ${textOf(error)}`;
        throw new Violation(`${text}\n      ${describe().join('\n      ')}`);
      }
    }
  }

  /** False when there was nothing to do. */
  private async run(fs: MemoryFs, how: 'resume' | 'undo'): Promise<boolean> {
    const { roots, snapshotDir, lockedDirs } = this.subject;
    const options = { snapshotDir };
    if (how === 'resume') {
      await resumeWith(fs, roots, options);
      return true;
    }
    try {
      if (findOpen(findTransactions(fs, roots)) !== null) await undoOpen(fs, roots, options);
      else {
        await resumeWith(fs, roots, options); // what a beginning or an end has left keeps the locks from being taken
        await undoWith(fs, roots, lockedDirs, options);
      }
      return true;
    } catch (error) {
      if (error instanceof RollbackError && NOTHING_TO_UNDO.includes(error.code)) return false;
      throw error;
    }
  }

  private endOf(seen: Look): End | null {
    for (const [end, data] of this.ends) if (seen.data === data) return end;
    return null;
  }

  private demand(how: string, found: Look, ends: readonly End[]): void {
    const end = this.endOf(found);
    if (end !== null && ends.includes(end)) return;
    const wanted = this.ends.get(ends[0] ?? 'before') ?? '';
    throw new Violation(
      `${how} led to ${end ?? 'neither'}, not to ${ends}: ${firstDifference(wanted, found.data)}`,
    );
  }

  private demandSame(before: Look, after: Look): void {
    if (before.data === after.data) return;
    throw new Violation(
      `an undo that had nothing to do changed something: ${firstDifference(before.data, after.data)}`,
    );
  }

  private demandClean(fs: MemoryFs, when: string): void {
    const { traces } = look(fs, this.subject);
    if (traces.length > 0) throw new Violation(`${when} there is left: ${traces.join(', ')}`);
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

function textOf(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof RollbackError ? `${error.code}: ${error.message}` : String((error as Error).stack);
}
