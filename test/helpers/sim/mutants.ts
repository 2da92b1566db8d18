/** Programs with one barrier less, or with two calls in the wrong order: made from a run, not picked by hand. */
import { type Fault, type FaultyOp, isSync } from './faulty-fs.ts';

/** One mutant. */
export interface Mutant {
  readonly name: string;
  readonly fault: Fault;
}

/**
 * One mutant for each place in the program that syncs (all syncs from there are left out), or, for a run that was
 * recorded without sites, for each single sync.
 */
export function dropMutants(ops: readonly FaultyOp[]): Mutant[] {
  const syncs = ops.filter(isSync);
  const sites = new Map(syncs.filter((op) => op.site !== '').map((op) => [op.site, op]));
  if (sites.size > 0) {
    return [...sites].map(([site, op]) => ({
      name: `without ${op.name} at ${site}`,
      fault: { sites: true, drop: (other) => other.site === site },
    }));
  }
  return syncs.map(({ index, name, paths }) => ({
    name: `without ${name} ${index} of ${paths.join(' ')}`,
    fault: { drop: (other) => other.index === index },
  }));
}

/** One mutant for each pair of neighbours of which the first can wait. */
export function swapMutants(ops: readonly FaultyOp[]): Mutant[] {
  return ops.slice(0, -1).flatMap((op, i) => {
    const next = ops[i + 1] as FaultyOp;
    if (op.name === 'open' || op.name === 'reflink') return [];
    const name = `${describe(op)} only after ${describe(next)}`;
    return [{ name, fault: { swapAt: op.index } }];
  });
}

function describe({ index, name, paths }: FaultyOp): string {
  return `${name} ${index} of ${paths.join(' -> ')}`;
}
