/**
 * One process of scripts/mutants.ts, bundled with switches: in every case it carries a command out with all checks
 * in place, and once more without each of those that have refused there.
 */
import { serve } from '../../../scripts/workers.ts';
import { skipWaiting } from '../simulator/no-waiting.ts';
import { firstDifference } from '../simulator/observe.ts';
import { casesOf, disturbedBeginnings } from '../tampering/cases.ts';
import { problemsOf } from '../tampering/expectations.ts';
import { stoppingPointsOf } from '../tampering/stopping-points.ts';
import { type Outcome, type TrialCase, tryCase } from '../tampering/trial.ts';
import type { Switches } from './checks.ts';
import { chooseSubjects } from './subject-choice.ts';

/** A worker's share. */
export interface Share {
  readonly remainder: number;
  readonly workers: number;
  readonly subjects: number;
  readonly checks: number;
}

/** What one worker knows of a check. */
export interface Seen {
  /** Situations in which it has refused. */
  readonly fired: number;
  /** What gave its absence away; null when nothing did. */
  readonly caught: string | null;
  /** Where its absence changed what the refusal says, and nothing else; null for nowhere. */
  readonly reworded: string | null;
}

/** What a worker sends. */
export interface Result {
  readonly seen: readonly Seen[];
  readonly cases: number;
  /** What the program does with all its checks, and must not do. */
  readonly problems: readonly string[];
}

/** Crash points of each run. */
const POINTS = 4;
/** At most so many cases at one stopping point are tried without the same check. */
const MOST = 4;

/** Which checks refuse; one may be switched off. */
class Panel implements Switches {
  off = -1;
  readonly fired = new Set<number>();

  checkSwitch(number: number, refuses: unknown): boolean {
    if (number === this.off) return false;
    if (refuses) this.fired.add(number);
    return Boolean(refuses);
  }

  checkCall<T>(number: number, call: () => T): T | undefined {
    if (number === this.off) return undefined;
    const note = (error: unknown): never => {
      this.fired.add(number);
      throw error;
    };
    try {
      const made = call();
      return made instanceof Promise ? (made.catch(note) as T) : made;
    } catch (error) {
      return note(error);
    }
  }
}

const panel = new Panel();
Object.assign(globalThis, {
  checkSwitch: panel.checkSwitch.bind(panel),
  checkCall: panel.checkCall.bind(panel),
});

skipWaiting();
serve(work);

async function work({ remainder, workers, subjects, checks }: Share): Promise<Result> {
  const cases = (await allCases(subjects)).filter((_, i) => i % workers === remainder);
  const trial = new CheckTrials(checks);
  for (const trialCase of cases) await trial.of(trialCase);
  return { seen: trial.seen, cases: cases.length, problems: trial.problems };
}

async function allCases(count: number): Promise<TrialCase[]> {
  const known = new Set<string>();
  const cases: TrialCase[] = [];
  for (const subject of await chooseSubjects(count)) {
    const points = await stoppingPointsOf(subject, POINTS);
    for (const point of points) cases.push(...casesOf(point, known));
    if (points[0] !== undefined) cases.push(...disturbedBeginnings(subject, points[0].applied));
  }
  return cases;
}

/** Tries cases, and remembers what was seen of each check. */
class CheckTrials {
  readonly seen: { fired: number; caught: string | null; reworded: string | null }[];
  readonly problems: string[] = [];
  private readonly tried = new Map<string, number>();

  constructor(checks: number) {
    this.seen = Array.from({ length: checks }, () => ({ fired: 0, caught: null, reworded: null }));
  }

  async of(trialCase: TrialCase): Promise<void> {
    panel.off = -1;
    panel.fired.clear();
    const whole = await tryCase(trialCase);
    const fired = [...panel.fired];
    this.problems.push(...problemsOf(trialCase, whole).map((problem) => `${trialCase.name}: ${problem}`));
    for (const number of fired) {
      const seen = this.seen[number];
      if (seen === undefined || seen.caught !== null) continue;
      seen.fired++;
      const key = `${number} ${trialCase.point.name} ${whole.fate} ${whole.words.replaceAll(/\d+|\/\S+/g, '')}`;
      const tried = this.tried.get(key) ?? 0;
      this.tried.set(key, tried + 1);
      if (tried >= MOST) continue;
      panel.off = number;
      const without = await tryCase(trialCase);
      const difference = differenceOf(whole, without);
      if (difference !== null) seen.caught = `${trialCase.name}: ${difference}`;
      else if (whole.words !== without.words)
        seen.reworded = `${trialCase.name}: "${without.words}" instead of "${whole.words}"`;
    }
  }
}

/** How a program without a check gives itself away; null when all that differs is words. */
function differenceOf(whole: Outcome, without: Outcome): string | null {
  if (whole.fate !== without.fate) return `${without.fate} instead of ${whole.fate}`;
  const [expected, found] = [whole.left, without.left].map((left) => JSON.stringify(left, null, 1));
  return expected === found ? null : firstDifference(String(expected), String(found));
}
