/** Random tables of known layouts, group by group, for tests of what heights mean. */
import fc from 'fast-check';
import { blockRecord, type KeyedGroup, type KeyedSegment, receipt } from './keyed-table.ts';

/** What a group is: a receipt, a record of `blocks`, or one whose key fits neither layout. */
export type WrittenKind = 'r' | 'b' | 'q' | 'a' | 'p' | 'x';

/** One group as a naive reader sees it. */
export interface WrittenGroup {
  readonly kind: WrittenKind;
  readonly height: bigint;
  /** The part of a receipt; how many further numbers the others cover. */
  readonly extra: number;
}

/** Heights begin beyond what a float can hold. */
export const BASE = 2n ** 53n;

/** The keys of a group. */
export function keysOfGroup({ kind, height, extra }: WrittenGroup): KeyedGroup {
  if (kind === 'x') return [Buffer.alloc(extra + 1, 'x'), Buffer.alloc(32, extra)];
  return kind === 'r' ? receipt(height, extra) : blockRecord(kind, height, extra);
}

/** Mostly rising heights; now and then old ones once more. */
export function writtenGroups(
  kinds: readonly WrittenKind[],
  maxExtra = 2,
): fc.Arbitrary<readonly WrittenGroup[]> {
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    up: fc.oneof(
      { weight: 8, arbitrary: fc.nat(2) },
      { weight: 1, arbitrary: fc.integer({ min: -9, max: -1 }) },
    ),
    extra: fc.nat(maxExtra),
  });
  return fc.array(step, { maxLength: 40 }).map((steps) => {
    let at = 20n;
    return steps.map(({ kind, up, extra }) => {
      at = at + BigInt(up) < 0n ? 0n : at + BigInt(up);
      return { kind, height: BASE + at, extra };
    });
  });
}

/** The groups, cut into segments at some places. */
export function cutGroups(
  groups: readonly WrittenGroup[],
  cuts: readonly number[],
): (readonly WrittenGroup[])[] {
  const edges = [0, ...cuts.map((c) => c % (groups.length + 1)).sort((a, b) => a - b), groups.length];
  return edges.slice(1).map((end, i) => groups.slice(edges[i], end));
}

/** The same as segments of a table; the newest one may be open. */
export function segmentsOfGroups(
  parts: readonly (readonly WrittenGroup[])[],
  open: boolean,
): readonly KeyedSegment[] {
  return parts.map((groups, i) => ({
    groups: groups.map(keysOfGroup),
    ...(open && i === parts.length - 1 ? { sealedAt: null } : {}),
  }));
}
