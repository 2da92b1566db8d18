/** One process of scripts/crash-sim.ts: draws databases, crashes them, and sends what it has tried. */
import fc from 'fast-check';
import { addCount, addCounts, type Counts } from '../../../scripts/rows.ts';
import { serve } from '../../../scripts/workers.ts';
import { Violation } from '../violation.ts';
import { type Effort, Explorer } from './explore.ts';
import { skipWaiting } from './no-waiting.ts';
import { makeSubject, subjectSpec } from './subject.ts';

/** A worker's share. */
export interface Share {
  readonly seed: number;
  readonly databases: number;
  readonly effort: Effort;
  /** Milliseconds after which it ends, whatever is left to do. */
  readonly limit: number;
  /** fast-check's path to one database of this seed; null for all. */
  readonly path: string | null;
}

/** What a worker sends. */
export interface Result {
  readonly counts: Counts;
  /** What fast-check says of the smallest database that goes wrong; null when none does. */
  readonly failure: string | null;
}

skipWaiting();
serve(work);

async function work({ seed, databases, effort, limit, path }: Share): Promise<Result> {
  const counts: Counts = {};
  let first = true;
  const property = fc.asyncProperty(subjectSpec, async (drawn) => {
    const subject = await makeSubject(drawn);
    if (subject === null) {
      addCount(counts, 'databases without anything to do');
      return;
    }
    addCount(counts, 'databases');
    const explorer = new Explorer(subject, effort, seed);
    try {
      await explorer.explore();
    } catch (error) {
      // Told at once: to find the smallest database that goes wrong may take long.
      if (first)
        process.stderr.write(`found, looking for the smallest: ${String((error as Error).message)}\n`);
      first = false;
      throw error;
    } finally {
      addCounts(counts, explorer.counts);
    }
  });
  const settings = { seed, numRuns: databases, ...(path !== null && { path, endOnFailure: true }) };
  const details = await fc.check(property, { ...settings, interruptAfterTimeLimit: limit });
  if (details.counterexamplePath === null) {
    return {
      counts,
      failure: details.interrupted ? 'the time was over before all databases were tried' : null,
    };
  }
  const error = details.errorInstance;
  const what = error instanceof Violation ? error.message : String((error as Error | null)?.stack);
  const database = JSON.stringify(details.counterexample);
  const repeat = `--seed ${seed} --path ${details.counterexamplePath}`;
  return {
    counts,
    failure: `${what}\n  database: ${database}\n  repeat: npx tsx scripts/crash-sim.ts ${repeat}`,
  };
}
