/**
 * The program without each of its checks of journals, one at a time: tried by processes that are bundled with switches,
 * and judged by what they have seen.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWorker } from '../../../scripts/workers.ts';
import type { Result, Seen, Share } from './check-worker.ts';
import { bundleWithSwitches, type Check } from './checks.ts';

/** What may become of a check that is left out, in words. */
export const CHECK_FATES = {
  caught: 'checks caught',
  reworded: 'checks needed for what they say: another one refuses, too, and names another cause',
  idle: 'checks that never refuse',
  lives: 'checks alive',
} as const;

/** A check, and what became of the program without it. */
export interface JudgedCheck extends Check {
  readonly fate: keyof typeof CHECK_FATES;
  /** What gave it away. */
  readonly caught: string | null;
}

/** Everything that was tried. */
export interface CheckReport {
  readonly checks: readonly JudgedCheck[];
  readonly cases: number;
  /** What the whole program does and must not do. */
  readonly problems: readonly string[];
}

/** Tries every check on at most `subjects` subjects. */
export async function tryChecks(subjects: number, workers: number): Promise<CheckReport> {
  const dir = mkdtempSync(join(tmpdir(), 'litt-checks-'));
  try {
    const script = join(dir, 'check-worker.mjs');
    const checks = await bundleWithSwitches('test/proof/mutants/check-worker.ts', script);
    const shares = Array.from({ length: workers }, (_, remainder): Share => {
      return { remainder, workers, subjects, checks: checks.length };
    });
    const results = await Promise.all(shares.map((share) => runWorker<Result>(script, share)));
    return {
      checks: checks.map((check) =>
        judgeCheck(
          check,
          results.map((r) => r.seen[check.number] as Seen),
        ),
      ),
      cases: results.reduce((sum, r) => sum + r.cases, 0),
      problems: results.flatMap((r) => r.problems),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Whether the program shows that a check is missing, by what each process has seen of it. */
export function judgeCheck(check: Check, seen: readonly Seen[]): JudgedCheck {
  const caught = seen.find((s) => s.caught !== null)?.caught ?? null;
  if (caught !== null) return { ...check, fate: 'caught', caught };
  const reworded = seen.find((s) => s.reworded !== null)?.reworded ?? null;
  if (reworded !== null) return { ...check, fate: 'reworded', caught: reworded };
  return { ...check, fate: seen.some((s) => s.fired > 0) ? 'lives' : 'idle', caught: null };
}
