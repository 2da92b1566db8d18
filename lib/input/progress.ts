/** Progress whose totals are reached: work often ends before all of it was needed, and must not look broken off. */
import type { Progress } from '../types.ts';

/** Reports, and the word that all of it is done. */
export interface ReachingTotals {
  readonly report: ((progress: Progress) => void) | undefined;
  /** To be called when the work has succeeded. */
  finish(): void;
}

/** Hands reports on. Before a new stretch of work begins, and at the end, the one before it is said to be done. */
export function reachingTotals(report: ((progress: Progress) => void) | undefined): ReachingTotals {
  let last: Progress | null = null;
  const finish = (): void => {
    if (last !== null && last.done < last.total) report?.({ ...last, done: last.total });
    last = null;
  };
  if (report === undefined) return { report, finish };
  return {
    report: (progress) => {
      if (last !== null && !isSameStretch(last, progress)) finish();
      last = progress;
      report(progress);
    },
    finish,
  };
}

function isSameStretch(a: Progress, b: Progress): boolean {
  return a.phase === b.phase && a.table === b.table && a.total === b.total && a.done <= b.done;
}
