/** Crashes a subject at every point of every run, and recovers from what may be left. */

import { addCount, type Counts } from '../../../scripts/rows.ts';
import { Random } from '../random.ts';
import { Violation } from '../violation.ts';
import { crashCases } from './crash-states.ts';
import { Invariants } from './invariants.ts';
import { errorText, Judge } from './judge.ts';
import type { OpLog } from './memory-fs.ts';
import { applyRun, interrupted, laterRuns, type Recording, type Run, record, recoveries } from './runs.ts';
import type { Subject } from './subject.ts';
import { digest } from './tree-io.ts';

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

/** Crashes every run of one subject; counts what was tried. */
export class Explorer {
  readonly counts: Counts = {};
  private readonly random: Random;

  constructor(
    private readonly subject: Subject,
    private readonly effort: Effort,
    private readonly seed: number,
  ) {
    this.random = new Random(seed, 'exploration', 0);
  }

  /** @throws Violation */
  async explore(): Promise<void> {
    const { subject, seed } = this;
    const apply = applyRun(subject);
    const applied = await record(apply);
    const invariants = new Invariants(subject, applied.end);
    const count = (what: string): void => this.count(what);
    const judge = new Judge(subject, invariants, this.effort.secondEvery, seed, count);
    await this.crash(apply, applied, judge);
    for (const left of interrupted(subject, apply, applied, 1, this.random.below(1_000_000)))
      await this.crashOne(recoveries(subject, left), judge);
    for (const run of laterRuns(subject, applied.end)) {
      const recording = await record(run);
      await this.crash(run, recording, judge);
      for (const left of interrupted(subject, run, recording, 1, this.random.below(1_000_000)))
        await this.crashOne(recoveries(subject, left), judge);
    }
  }

  /** One of two runs: the states of both are much the same. */
  private async crashOne(runs: readonly Run[], judge: Judge): Promise<void> {
    const run = runs[this.random.below(runs.length)] as Run;
    await this.crash(run, await record(run), judge);
  }

  private async crash(run: Run, { log, begins }: Recording, judge: Judge): Promise<void> {
    const seen = new Set<string>();
    for (const k of this.pointsOf(log, begins)) {
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
          await judge.judge(state, { promised: ended ? run.promised : null, bare: run.bare });
        } catch (error) {
          const where = `${run.name}, after ${k} of ${log.ops.length} operations`;
          throw new Violation(`${where}: ${errorText(error)}\n    ${describe().join('\n    ')}`);
        }
      }
    }
  }

  /**
   * Points of a long run: some, the last one always. Right before a sync most is open: what may survive at any
   * point since the sync before it may survive there, too.
   */
  private pointsOf({ ops }: OpLog, begins: number): number[] {
    const all = [...ops.keys(), ops.length].filter((k) => k >= begins);
    if (all.length <= this.effort.points) return all;
    const open = all.filter((k) => k === ops.length || ops[k]?.op === 'sync');
    return [...this.random.some(open.slice(0, -1), this.effort.points - 1), ops.length];
  }

  private count(what: string): void {
    addCount(this.counts, what);
  }
}
