/** Judges one state that a power cut may leave: what it shows, and where recovering from it leads. */
import { RollbackError } from '../../../lib/errors.ts';
import { findOpen, findTransactions } from '../../../lib/journal/find.ts';
import { resumeWith } from '../../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../../lib/recover/undo.ts';
import { acquireLocks } from '../../../lib/store/lock.ts';
import { Random } from '../random.ts';
import { Violation } from '../violation.ts';
import { crashCases } from './crash-states.ts';
import type { Circumstances, End, Invariants } from './invariants.ts';
import type { MemoryFs } from './memory-fs.ts';
import { firstDifference, markDead, type Observation, observe } from './observe.ts';
import { wayOut } from './runs.ts';
import type { Subject } from './subject.ts';
import { digest } from './tree-io.ts';

/** Undo's answers when it has nothing, or no longer everything, to go by; the second after a part was freed. */
const NOTHING_TO_UNDO: readonly string[] = ['ERR_NOTHING_TO_UNDO', 'ERR_SNAPSHOT_DIR_WRONG'];

/** Judges states of one subject; counts what it did. */
export class Judge {
  private readonly random: Random;
  private readonly seen = new Set<string>();
  private step = 0;

  /** @param secondEvery one of so many recoveries is crashed, too; 0 for none */
  constructor(
    private readonly subject: Subject,
    readonly invariants: Invariants,
    private readonly secondEvery: number,
    private readonly seed: number,
    private readonly count: (what: string) => void = () => {},
  ) {
    this.random = new Random(seed, 'second crashes', 0);
  }

  /**
   * Judges a state, which is used up.
   * @throws Violation
   */
  async judge(state: MemoryFs, { promised, bare }: Circumstances): Promise<void> {
    const seen = observe(state, this.subject);
    const problems = this.invariants.problems(state, seen, bare);
    if (promised !== null) {
      const broken = this.invariants.broken(state, seen, promised);
      problems.push(...broken.map((problem) => `it had ended, and ${problem}`));
    }
    if (problems.length > 0) throw new Violation(problems.join('; '));
    markDead(state, this.subject);
    await this.recover(state, seen, 'resume', bare === null);
    await this.recover(state, seen, 'undo', bare === null);
  }

  /** Whether no second crash has led to this state before. */
  private isNew(state: MemoryFs): boolean {
    const key = digest(state, this.subject.dir);
    if (this.seen.has(key)) return false;
    this.seen.add(key);
    this.count('different crash states');
    return true;
  }

  /** Recovers in a copy; now and then crashes on the way, and recovers from that. */
  private async recover(
    from: MemoryFs,
    seen: Observation,
    how: 'resume' | 'undo',
    mayCrash: boolean,
  ): Promise<void> {
    const copy = from.clone();
    const log = copy.record();
    const end = wayOut(this.subject, seen, this.invariants)[how];
    const tried = await this.run(copy, how);
    this.count(how === 'resume' ? 'resumed' : 'undone');
    const found = observe(copy, this.subject);
    this.demand(how, tried ? end : null, found, seen);
    if (tried && end === null) throw new Violation(`${how} had nothing to do, and did not say so`);
    if (!tried && end !== null) throw new Violation(`${how} says that there is nothing to undo`);
    if (tried && found.traces.length > 0) throw new Violation(`${how} leaves ${found.traces.join(', ')}`);
    if (!mayCrash || !tried || this.secondEvery === 0 || this.step++ % this.secondEvery !== 0) return;
    await this.crashAgain(log, how);
  }

  private async crashAgain(log: ReturnType<MemoryFs['record']>, how: 'resume' | 'undo'): Promise<void> {
    const k = this.random.below(log.ops.length + 1);
    for (const { state, describe } of crashCases(log, k, { sample: 1, singles: 1, seed: this.seed })) {
      this.count('crash states');
      this.count('of those in a second crash');
      if (!this.isNew(state)) continue;
      try {
        const seen = observe(state, this.subject);
        const problems = this.invariants.problems(state, seen, null);
        if (problems.length > 0) throw new Violation(problems.join('; '));
        markDead(state, this.subject);
        await this.recover(state, seen, how, false);
        await this.recover(state, seen, how === 'undo' ? 'resume' : 'undo', false);
      } catch (error) {
        const text = `crashed again after ${k} of ${log.ops.length} operations of ${how}: ${errorText(error)}`;
        throw new Violation(`${text}\n      ${describe().join('\n      ')}`);
      }
    }
  }

  private demand(how: string, end: End | null, found: Observation, seen: Observation): void {
    const wanted = end === null ? seen.data : this.invariants.dataOf(end);
    if (found.data === wanted) return;
    const where = this.invariants.endOf(found) ?? 'something else';
    throw new Violation(
      `${how} led to ${where}, not ${end ?? 'nowhere'}: ${firstDifference(wanted, found.data)}`,
    );
  }

  /** False when there was nothing to do. */
  private async run(fs: MemoryFs, how: 'resume' | 'undo'): Promise<boolean> {
    const { roots, snapshotDir, lockedDirs } = this.subject;
    const options = { snapshotDir };
    try {
      if (how === 'undo' && findOpen(findTransactions(fs, roots)) !== null) {
        await undoOpen(fs, roots, options);
        return true;
      }
      // Before an undo, too: what a beginning or an end has left keeps the locks from being taken.
      await resumeWith(fs, roots, options);
      if (how === 'resume') return true;
      const locks = acquireLocks(fs, lockedDirs);
      await undoWith(fs, roots, locks, options);
      locks.release();
      return true;
    } catch (error) {
      if (how === 'undo' && error instanceof RollbackError && NOTHING_TO_UNDO.includes(error.code))
        return false;
      throw error;
    }
  }
}

/** An error in words: of ours its text, of others all that is known. */
export function errorText(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof RollbackError ? `${error.code}: ${error.message}` : String((error as Error).stack);
}
