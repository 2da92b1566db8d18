/** One process of scripts/mutants.ts: makes mutants of its share of the subjects' runs, and lets the judge look for them. */

import { serve } from '../../../scripts/workers.ts';
import { crashCases, type StateOptions } from '../simulator/crash-states.ts';
import type { Fault } from '../simulator/faulty-fs.ts';
import { errorText, type Judge } from '../simulator/judge.ts';
import { skipWaiting } from '../simulator/no-waiting.ts';
import { type Recording, type Run, record } from '../simulator/runs.ts';
import { digest } from '../simulator/tree-io.ts';
import { type Prepared, prepareSubjects } from './subject-choice.ts';
import { dropMutants, type Mutant, swapMutants } from './sync-mutants.ts';

/** A worker's share. */
export interface Share {
  /** Which of the mutants, counted in their order, are this worker's: those with this remainder. */
  readonly remainder: number;
  readonly workers: number;
  /** At most so many subjects. */
  readonly subjects: number;
  /** States tried at each point of a mutant's run. */
  readonly singles: number;
  /** At most so many states of a mutant: of one without a sync, and of a swap, which may be excused by that. */
  readonly most: { readonly without: number; readonly swap: number };
}

/** What became of one mutant. */
export interface Verdict {
  readonly name: string;
  readonly kind: Mutant['kind'];
  readonly site: string;
  /** What gave it away; null when nothing did. */
  readonly caught: string | null;
  /** Different states in which it shows. */
  readonly states: number;
  /** Whether other syncs have made everything durable that it makes late, by the end of each run. */
  readonly covered: boolean;
}

/** What a worker sends. */
export interface Result {
  readonly verdicts: readonly Verdict[];
}

skipWaiting();
serve(work);

async function work({ remainder, workers, subjects, singles, most }: Share): Promise<Result> {
  const prepared = await prepareSubjects(subjects);
  const all = new Map<string, Mutant>();
  for (const { runs } of prepared) {
    for (const { recording } of runs) {
      for (const mutant of [...dropMutants(recording.ops), ...swapMutants(recording.ops)])
        all.set(`${mutant.kind} ${mutant.name}`, mutant);
    }
  }
  const mine = [...all.values()].filter((_, i) => i % workers === remainder);
  const verdicts: Verdict[] = [];
  for (const mutant of mine)
    verdicts.push(
      await tryMutant(mutant, prepared, singles, mutant.kind === 'without' ? most.without : most.swap),
    );
  return { verdicts };
}

async function tryMutant(
  mutant: Mutant,
  prepared: readonly Prepared[],
  singles: number,
  most: number,
): Promise<Verdict> {
  const { name, kind, site } = mutant;
  const hunt = new Hunt(singles, most);
  for (const { subject, judge, runs } of prepared) {
    for (const { run, recording } of runs) {
      const fault = mutant.faultIn(recording.ops);
      if (fault === null) continue;
      const found = await hunt.through(run, fault, judge, subject.dir);
      if (found !== null)
        return { name, kind, site, caught: `${run.name}: ${found}`, states: hunt.states, covered: false };
    }
  }
  return { name, kind, site, caught: null, states: hunt.states, covered: hunt.covered };
}

/** No single run of a mutant takes more than this part of the states that may be tried. */
const PART = 10;

/** Looks for a state that gives a mutant away. */
class Hunt {
  states = 0;
  covered = true;

  private readonly choice: StateOptions;

  constructor(
    singles: number,
    private readonly most: number,
  ) {
    this.choice = { sample: 0, singles, seed: 1, aimed: true };
  }

  /** What is wrong; null when nothing is. It goes from the end backward: most is demanded there. */
  async through(run: Run, fault: Fault, judge: Judge, dir: string): Promise<string | null> {
    let recording: Recording;
    try {
      recording = await record(run, fault);
    } catch (error) {
      return `it fails: ${errorText(error)}`;
    }
    const { log, begins } = recording;
    const { length } = log.ops;
    // What may survive at any point may survive right before the next sync, too.
    const before = [...log.ops.keys()].filter((k) => k >= begins && isSync(log.ops[k])).reverse();
    const until = Math.min(this.most, this.states + Math.ceil(this.most / PART));
    const seen = new Set<string>();
    for (const k of [length, ...before]) {
      for (const { state, describe, unmissed } of crashCases(log, k, this.choice)) {
        const shown = digest(state, dir);
        if (seen.has(`${k === length} ${shown}`) || shown === digest(unmissed(), dir)) continue;
        if (k === length) this.covered = false;
        if (this.states >= until) return null;
        seen.add(`${k === length} ${shown}`);
        this.states++;
        try {
          await judge.judge(state, { promised: k === length ? run.promised : null, bare: run.bare });
        } catch (error) {
          return `after ${k} of ${length} operations: ${errorText(error)}\n      ${describe().join('\n      ')}`;
        }
      }
    }
    return null;
  }
}

const isSync = (op: Recording['log']['ops'][number] | undefined): boolean =>
  op?.op === 'sync' && op.missed !== true;
