/** Differences between a result and what was expected, as sentences; none means equal. */
import type { Listing, SegmentListing } from './image.ts';

/** What may differ without being wrong (see the README beside the fixtures). */
export interface Leniency {
  /** Empty segments above the newest kept record may be missing. */
  readonly mayMiss?: boolean;
  /** For each table the segments that may stay above the newest record, because nothing else had to change. */
  readonly mayStay?: ReadonlyMap<string, readonly number[]>;
  /** Tables as they are expected otherwise, which is as good. */
  readonly orElse?: Listing;
  /** Tables that are kept as they are: they may stay unsealed. */
  readonly mayStayUnsealed?: ReadonlySet<string>;
}

/** Compares listings in the form of case.json. */
export function compareToListing(actual: Listing, expected: Listing, leniency: Leniency = {}): string[] {
  const problems: string[] = [];
  const names = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  for (const name of names) {
    const found = actual[name];
    const wanted = expected[name];
    if (found === undefined) problems.push(`${name}: missing`);
    else if (wanted === undefined) problems.push(`${name}: not expected`);
    else {
      const differences = compareTable(name, found, wanted, leniency);
      const other = leniency.orElse?.[name];
      const isAsGood = other !== undefined && compareTable(name, found, other, leniency).length === 0;
      if (!isAsGood) problems.push(...differences);
    }
  }
  return problems;
}

type TableListing = Record<string, SegmentListing>;

function compareTable(name: string, found: TableListing, wanted: TableListing, leniency: Leniency): string[] {
  const problems: string[] = [];
  const indexes = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  for (const index of [...indexes].sort((a, b) => Number(a) - Number(b))) {
    const where = `${name}/${index}`;
    const have = found[index];
    const want = wanted[index];
    if (have === undefined) {
      if (!(leniency.mayMiss === true && isEmptyTop(index, wanted))) problems.push(`${where}: missing`);
    } else if (want === undefined) {
      if (leniency.mayStay?.get(name)?.includes(Number(index)) !== true)
        problems.push(`${where}: should be gone`);
    } else {
      const maySeal = leniency.mayStayUnsealed?.has(name) === true && !have.sealed;
      problems.push(...compareSegment(where, have, want, maySeal));
    }
  }
  return problems;
}

/** True for a segment without records, with none but such above it, that is not the only one. */
function isEmptyTop(index: string, table: TableListing): boolean {
  const above = Object.entries(table).filter(([i]) => Number(i) >= Number(index));
  return above.every(([, segment]) => segment.keys.records === 0);
}

function compareSegment(
  where: string,
  have: SegmentListing,
  want: SegmentListing,
  staysUnsealed: boolean,
): string[] {
  const problems: string[] = [];
  const check = (what: string, a: unknown, b: unknown): void => {
    if (JSON.stringify(a) !== JSON.stringify(b)) {
      problems.push(`${where}: ${what} is ${JSON.stringify(a)}, expected ${JSON.stringify(b)}`);
    }
  };
  if (want.version !== undefined) check('version', have.version, want.version);
  check('sharding factor', have.shardingFactor, want.shardingFactor);
  check('compression', have.compression, want.compression);
  if (staysUnsealed) return problems;
  check('sealed', have.sealed, want.sealed);
  check('key count', have.keyCount, want.keyCount);
  check('key file', have.keys, want.keys);
  const shards = new Set([...Object.keys(have.values), ...Object.keys(want.values)]);
  for (const shard of shards) check(`value file ${shard}`, have.values[shard], want.values[shard]);
  return problems;
}
