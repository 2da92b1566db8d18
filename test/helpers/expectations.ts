/** What properties expect of plans and of readers, from the model's point of view. */
import { expect } from 'chai';
import type { RollbackPlan } from '../../lib/index.ts';
import type { FoundRecord } from './bytes.ts';
import { type DatabaseImage, inOrder, readImage } from './image.ts';
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
    expect(place(table.pivot), `${table.table}: pivot`).to.deep.equal(
      model.pivot === null ? null : { segment: model.pivot.segment, record: model.pivot.record },
    );
    if (model.pivot === null) continue;
    const firstKept = offered.length - model.keptRecords;
    expect(place(table.lastKept), `${table.table}: last kept`).to.deep.equal(place(offered[firstKept]));
    const removed = firstKept === 0 ? null : offered[firstKept - 1];
    expect(place(table.firstRemoved), `${table.table}: first removed`).to.deep.equal(place(removed));
  }
}

/** The first position of the segments and records that both sides name. */
function place(at: { segment: number; record: number } | null | undefined): unknown {
  return at == null ? null : { segment: at.segment, record: at.record };
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

/** Whether the given roots lack a file of a segment that the engine can read and that was made to the end. */
export function lacksDataOf(image: DatabaseImage, roots: readonly string[]): boolean {
  const there = readImage(roots);
  return [...image].some(([name, table]) =>
    inOrder(table)
      .filter((segment) => isComplete(segment) && segment.index >= (table.watermark ?? 0))
      .some((segment) => {
        const found = there.get(name)?.segments.get(segment.index);
        return found === undefined || !found.meta || !found.keys || found.values.size < segment.values.size;
      }),
  );
}

/** A record of the public reader as plain data that can be compared. */
export interface ReadRecord {
  readonly segment: number;
  readonly record: number;
  readonly offset: number;
  readonly kind: number;
  readonly key: string;
  readonly isPrimary: boolean;
  readonly address: { segment: number; offset: number; shard: number; valueSize: number };
}

/** All records of a table, as the model has them, newest first. */
export function modelRecords(image: DatabaseImage, name: string): ReadRecord[] {
  return offeredNewestFirst(image.get(name)!).map(({ segment, record, found }) => ({
    segment,
    record,
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
  for await (const { segment, record, offset, kind, key, isPrimary, address } of records) {
    const { segment: home, offset: start, shard, valueSize } = address;
    all.push({
      segment,
      record,
      offset,
      kind,
      key: key.toString('hex'),
      isPrimary,
      address: { segment: home, offset: start, shard, valueSize },
    });
  }
  return all;
}
