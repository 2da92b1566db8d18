/** What properties expect of plans and of readers, from the model's point of view. */
import { expect } from 'chai';
import type { RecordRef, RollbackPlan } from '../../lib/index.ts';
import type { FoundRecord } from './bytes.ts';
import { type DatabaseImage, inOrder, readImage, type SegmentImage } from './image.ts';
import { isComplete, offeredNewestFirst } from './model.ts';
import type { Staged } from './scenario.ts';

/** The plan names the pivot, what stays and what goes as the model has them. */
export function expectPlanSays(plan: RollbackPlan, staged: Staged): void {
  expect(plan.tables.map((table) => table.table)).to.deep.equal([...staged.model.keys()].sort());
  for (const table of plan.tables) {
    const model = staged.model.get(table.table)!;
    const offered = offeredNewestFirst(staged.built.image.get(table.table)!);
    expect(table.removed.records, `${table.table}: records removed`).to.equal(model.removedRecords);
    expect(table.kept.records, `${table.table}: records kept`).to.equal(model.keptRecords);
    if (model.pivot === null) {
      expect([table.pivot, table.lastKept], `${table.table}: pivot`).to.deep.equal([null, null]);
      continue;
    }
    const at = offered.findIndex(
      (r) => r.segment === model.pivot?.segment && r.record === model.pivot.record,
    );
    const lastKept = offered.length - model.keptRecords;
    expect(place(table.pivot), `${table.table}: pivot`).to.deep.equal(placeOf(offered[at]));
    expect(place(table.lastKept), `${table.table}: last kept`).to.deep.equal(placeOf(offered[lastKept]));
    expect(place(table.firstRemoved), `${table.table}: first removed`).to.deep.equal(
      placeOf(offered[lastKept - 1]),
    );
  }
}

/** Where a record lies, by what cannot be counted in two ways. */
function place(at: RecordRef | null): unknown {
  return at === null ? null : { segment: at.segment, offset: at.offset, kind: at.kind, key: at.key };
}

function placeOf(at: ReturnType<typeof offeredNewestFirst>[number] | undefined): unknown {
  if (at === undefined) return null;
  const { found, segment } = at;
  return { segment, offset: found.start, kind: found.kind, key: found.key.toString('hex') };
}

/** The calls that a filter must get: table by table, newest first, up to the first match. */
export function expectedCalls(staged: Staged): string[] {
  return [...staged.model.keys()].sort().flatMap((name) => {
    const offered = offeredNewestFirst(staged.built.image.get(name)!).map(({ found }) => found);
    const match = offered.findIndex((r) => staged.matches(name, r.key, r.kind < 2));
    return (match === -1 ? offered : offered.slice(0, match + 1)).map((r) => call(name, r));
  });
}

/** One call as a line. */
export function call(table: string, record: Pick<FoundRecord, 'key' | 'kind'>): string {
  return `${table} ${record.key.toString('hex')} ${record.kind < 2}`;
}

/** Records in the newest 0, 1, 2, ... groups of a table, with the segment of each group. */
export function newestGroups(image: DatabaseImage, name: string): { records: number; segment: number }[] {
  const ends: { records: number; segment: number }[] = [];
  for (const [i, { segment, found }] of offeredNewestFirst(image.get(name)!).entries()) {
    if (found.kind < 2) ends.push({ records: i + 1, segment });
  }
  return ends;
}

/**
 * Whether the given roots lack a file of a segment that the engine can read and that was made to the end.
 * Oldest segments that lie elsewhere with all their files look as if they had been collected: the given roots
 * cannot show the difference.
 */
export function lacksDataOf(image: DatabaseImage, roots: readonly string[]): boolean {
  const there = readImage(roots);
  return [...image].some(([name, table]) => {
    const found = there.get(name)?.segments ?? new Map<number, SegmentImage>();
    const lowest = Math.min(...found.keys());
    return inOrder(table)
      .filter((segment) => isComplete(segment) && segment.index >= (table.watermark ?? 0))
      .filter((segment) => !isFresh(segment))
      .some((segment) => {
        const part = found.get(segment.index);
        if (part === undefined) return segment.index > lowest || found.size === 0;
        return !part.meta || !part.keys || part.values.size < segment.values.size;
      });
  });
}

/** An open segment into whose key file nothing was written yet: it may go, whatever else of it is missing. */
function isFresh({ meta, keys }: SegmentImage): boolean {
  return meta?.sealed === false && meta.count === 0 && keys?.length === 0;
}

/** Tables whose oldest segments the given roots lack with all their files, and that have no watermark there. */
export function tablesCutBelow(image: DatabaseImage, roots: readonly string[]): string[] {
  const there = readImage(roots);
  return [...image].flatMap(([name, table]) => {
    const found = there.get(name);
    if (found === undefined || found.watermark !== null) return [];
    return Math.min(...table.segments.keys()) < Math.min(...found.segments.keys()) ? [name] : [];
  });
}

/** A record of the public reader as plain data that can be compared. */
export interface ReadRecord {
  readonly segment: number;
  readonly offset: number;
  readonly kind: number;
  readonly key: string;
  readonly isPrimary: boolean;
  readonly address: { segment: number; offset: number; shard: number; valueSize: number };
}

/** All records of a table, as the model has them, newest first. */
export function modelRecords(image: DatabaseImage, name: string): ReadRecord[] {
  return offeredNewestFirst(image.get(name)!).map(({ segment, found }) => ({
    segment,
    offset: found.start,
    kind: found.kind,
    key: found.key.toString('hex'),
    isPrimary: found.kind < 2,
    address: { segment: found.segment, offset: found.offset, shard: found.shard, valueSize: found.size },
  }));
}

/** Everything that an async iterable of records gives. */
export async function gather(
  records: AsyncIterable<Omit<ReadRecord, 'key'> & { readonly key: Buffer }>,
): Promise<ReadRecord[]> {
  const all: ReadRecord[] = [];
  for await (const { segment, offset, kind, key, isPrimary, address } of records) {
    const { segment: home, offset: start, shard, valueSize } = address;
    all.push({
      segment,
      offset,
      kind,
      key: key.toString('hex'),
      isPrimary,
      address: { segment: home, offset: start, shard, valueSize },
    });
  }
  return all;
}
