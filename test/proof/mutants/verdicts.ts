/** What becomes of the mutants: by what was found, and for those that nothing gave away by rules. */
import type { Verdict } from './mutant-worker.ts';

/** What may become of a mutant, in words. */
export const FATES = {
  caught: 'caught',
  covered: 'no barrier of its own: at the end a later sync has made up for it, and no state before is wrong',
  idle: 'the same program: called from here it has nothing to sync; the same line is caught elsewhere',
  free: 'a swap that does no harm; leaving its sync out is caught: what needs it comes later',
  lives: 'alive',
} as const;

/** A verdict with what it means. */
export interface Judged extends Verdict {
  readonly fate: keyof typeof FATES;
}

/** Judges all mutants together: a swap that nothing gave away is what its sync is when it is left out. */
export function judgeAll(verdicts: readonly Verdict[]): Judged[] {
  const dropped = verdicts.filter((v) => v.kind === 'without');
  const caughtLines = new Set(dropped.filter((v) => v.caught !== null).map((v) => lineOf(v.site)));
  const fateOf = ({ site, caught, states, covered }: Verdict): Judged['fate'] => {
    if (caught !== null) return 'caught';
    if (states > 0) return covered ? 'covered' : 'lives';
    return caughtLines.has(lineOf(site)) ? 'idle' : 'lives';
  };
  const fates = new Map(dropped.map((v) => [v.site, fateOf(v)]));
  return verdicts.map((verdict) => {
    if (verdict.kind === 'without' || verdict.caught !== null) return { ...verdict, fate: fateOf(verdict) };
    const fate = fates.get(verdict.site) ?? 'lives';
    return { ...verdict, fate: fate === 'caught' ? 'free' : fate };
  });
}

/** The line of the program that syncs, under any caller. */
const lineOf = (site: string): string => site.split(' < ')[0] as string;
