/**
 * Programs with one barrier less, or with two calls in the wrong order: made from runs, not picked by hand. A call
 * is known by the place in the program that it comes from, with all that called that; one mutant changes every call
 * from its place, in any run.
 */
import { type Fault, type FaultyOp, isSync } from '../simulator/faulty-fs.ts';

/** One mutant. */
export interface Mutant {
  readonly name: string;
  /** `without`: a sync is left out. `late`: it comes behind what should wait. `early`: it comes before its cause. */
  readonly kind: 'without' | 'late' | 'early';
  /** The place of the sync. */
  readonly site: string;
  /** The fault that makes it of a run that did these calls; null where the run has no such call. */
  readonly faultIn: (ops: readonly FaultyOp[]) => Fault | null;
}

/** Two calls that were made one after the other. */
type Pair = readonly [FaultyOp, FaultyOp];

/** New files that nothing refers to yet. */
const PREPARED = /litt-rollback-tmp$|\/kept\/\d+\.new$/;

/** One mutant for each place that syncs: all syncs from there are left out. */
export function dropMutants(ops: readonly FaultyOp[]): Mutant[] {
  return distinct(ops.filter(isSync), (op) => op.site).map((op) => ({
    name: `without ${op.name} ${placeOf(op.site)}`,
    kind: 'without',
    site: op.site,
    faultIn: (run) =>
      run.some((other) => isSync(other) && other.site === op.site)
        ? { sites: true, drop: (other) => other.site === op.site }
        : null,
  }));
}

/**
 * One mutant for each pair of places with a sync among them. A sync is made too late: behind the next visible
 * call (making or filling a new file under a name of its own does not count, for nothing refers to it). Or a
 * call is made too late: behind the sync that follows it.
 */
export function swapMutants(ops: readonly FaultyOp[]): Mutant[] {
  const late = distinct(pairsBehind(ops), keyOf).map((pair) =>
    swapped('late', pair, pair[0].site, pairsBehind),
  );
  const early = distinct(pairsBefore(ops), keyOf).map((pair) =>
    swapped('early', pair, pair[1].site, pairsBefore),
  );
  return [...late, ...early];
}

function swapped(
  kind: Mutant['kind'],
  pair: Pair,
  site: string,
  pairsOf: (ops: readonly FaultyOp[]) => Pair[],
): Mutant {
  const [first, second] = pair;
  return {
    name: `${first.name} ${placeOf(first.site)} only after ${second.name} ${placeOf(second.site)}`,
    kind,
    site,
    faultIn: (run) => {
      const late = new Map(
        pairsOf(run)
          .filter((other) => keyOf(other) === keyOf(pair))
          .map(([a, b]) => [a.index, b.index]),
      );
      return late.size === 0 ? null : { late };
    },
  };
}

/** Each sync with the next call that shows. */
function pairsBehind(ops: readonly FaultyOp[]): Pair[] {
  return ops.flatMap((op, i) => {
    if (!isSync(op)) return [];
    const next = ops.slice(i + 1).find((other) => !isSync(other) && !PREPARED.test(other.paths.at(-1) ?? ''));
    return next === undefined ? [] : [[op, next] as const];
  });
}

/** Each sync with the call right before it, if that can wait. */
function pairsBefore(ops: readonly FaultyOp[]): Pair[] {
  return ops.flatMap((op, i) => {
    const before = ops[i - 1];
    const canWait = before !== undefined && !isSync(before) && !['open', 'reflink'].includes(before.name);
    return isSync(op) && canWait ? [[before, op] as const] : [];
  });
}

const keyOf = ([a, b]: Pair): string => `${a.name} ${a.site} | ${b.name} ${b.site}`;

function distinct<T>(list: readonly T[], key: (one: T) => string): T[] {
  return [...new Map(list.map((one) => [key(one), one])).values()];
}

/** The places of a call, without their folders. */
const placeOf = (site: string): string => `at ${site.replaceAll(/[^ ]*\//g, '')}`;
