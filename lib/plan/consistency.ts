/**
 * Checks the parts of a plan beside its steps: the words that the user reads before saying yes, and the values
 * that undo and the verification use. If they contradict the steps or the files, the plan was forged. Values
 * that only the records could prove (their numbers and keys) are not read again.
 */
import { basename } from 'node:path';
import { segmentIndexOf } from '../format/file-names.ts';
import { parseRfc3339 } from '../format/rfc3339.ts';
import type { Segment, Table } from '../store/types.ts';
import type { Amount, SegmentFate, TablePlan } from '../types.ts';
import { alteredInMetadata, changesSegment, lowestOf, removesKeymap, takesRecords } from './step-effects.ts';

/** The problem with a table's summary; null when it is consistent. */
export function problemOfSummary(plan: TablePlan, table: Table): string | null {
  return (
    problemOfFates(plan, table) ??
    problemOfAmounts(plan) ??
    problemOfRecords(plan) ??
    problemOfKeptAbove(plan) ??
    problemOfOutcome(plan, table) ??
    problemOfMetadata(plan) ??
    problemOfCopies(plan, table)
  );
}

/** Numbers of the segments that remain after the plan is carried out. */
export function segmentsLeft({ segments }: Pick<TablePlan, 'segments'>): number[] {
  return segments.filter(stays).map((s) => s.segment);
}

const stays = ({ fate }: Pick<SegmentFate, 'fate'>): boolean => fate === 'kept' || fate === 'cut';

/** Every segment and every orphan has one fate, and the fate accounts for all bytes of its files. */
function problemOfFates({ segments: fates, steps }: TablePlan, table: Table): string | null {
  const sizes = new Map<number, number>();
  for (const { index, files } of table.orphans) sizes.set(index, sum(files.map((f) => f.size)));
  for (const segment of table.segments) sizes.set(segment.index, dataBytes(segment));
  if (fates.length !== sizes.size) return 'it has not one fate for each segment';
  const touched = new Set(steps.filter(changesSegment).map((s) => s.segment));
  for (const [i, { segment, fate, keptBytes, removedBytes }] of fates.entries()) {
    const isOrphan = table.orphans.some((o) => o.index === segment);
    if (i > 0 && segment <= (fates[i - 1] as SegmentFate).segment) return 'its segments are not in order';
    if (isOrphan !== (fate === 'orphan')) return `it says of segment ${segment} that it is ${fate}`;
    if (keptBytes + removedBytes !== sizes.get(segment)) return `it gives segment ${segment} another size`;
    if (!stays({ fate }) && keptBytes > 0) return `it keeps a part of segment ${segment}`;
    if (fate === 'kept' && removedBytes > 0) return `it takes a part of segment ${segment}`;
    if (fate === 'cut' && !touched.has(segment)) return `it does not cut segment ${segment}`;
  }
  return null;
}

const dataBytes = ({ keys, values }: Segment): number => keys.size + sum(values.map((f) => f.size));

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** The amounts are the sums of the fates. */
function problemOfAmounts({ segments, kept, removed }: TablePlan): string | null {
  const own = segments.filter((s) => s.fate !== 'orphan');
  const bytesOf = (amount: Amount): number => amount.keyBytes + amount.valueBytes;
  const isRight =
    kept.segments === own.filter(stays).length &&
    removed.segments === own.length - kept.segments &&
    bytesOf(kept) === sum(own.map((s) => s.keptBytes)) &&
    bytesOf(removed) === sum(own.map((s) => s.removedBytes));
  return isRight ? null : 'its amounts are not the sums of its segments';
}

/** The named records lie where the cut is: the newest that stays, the oldest that goes. */
function problemOfRecords({ segments, pivot, lastKept, firstRemoved }: TablePlan): string | null {
  const fateOf = (at: { segment: number } | null): string | undefined =>
    segments.find((s) => s.segment === at?.segment)?.fate;
  if ((pivot === null) !== (lastKept === null) || pivot?.segment !== lastKept?.segment) {
    return 'the record that it stops at is not the end of what it keeps';
  }
  const at = fateOf(pivot);
  if (pivot !== null && at !== 'kept' && at !== 'cut') return 'it removes the record that it stops at';
  if (segments.some((s) => s.fate === 'cut') && at !== 'cut') return 'it cuts another segment than it says';
  const gone = fateOf(firstRemoved);
  if (firstRemoved !== null && gone !== 'cut' && gone !== 'removed') {
    return 'it keeps the first record that it says goes';
  }
  return null;
}

/** The records that the plan keeps above the target are above it, and no more than stay. */
function problemOfKeptAbove({ keptAbove: above, heights, kept }: TablePlan): string | null {
  if (above === undefined) return null;
  const [lowest, highest] = [above.lowest, above.highest].map((text) => placeOf(text, heights !== null));
  const isOrdered = lowest != null && highest != null && lowest <= highest;
  const isAbove = isOrdered && (heights === null || lowest > BigInt(heights.target));
  const isWithin = above.groups > 0 && above.groups <= above.records && above.records <= kept.records;
  return isAbove && isWithin ? null : 'it contradicts itself about what is kept above the target';
}

/** A height or a time as a number (times after the year 9999 stand there as one); null when the text is neither. */
function placeOf(text: string, isHeight: boolean): bigint | null {
  const [number] = (isHeight ? /^\d{1,20}$/ : /^\d{1,20}(?= ns$)/).exec(text) ?? [];
  if (number !== undefined) return BigInt(number);
  return isHeight ? null : parseRfc3339(text);
}

function problemOfOutcome(plan: TablePlan, table: Table): string | null {
  const { outcome, steps } = plan;
  if (plan.watermark !== table.watermark) return 'it was made for another gc-watermark';
  if (plan.removesKeymap !== steps.some(removesKeymap))
    return 'its steps and its summary disagree about the keymap';
  const isIdle = outcome === 'nothing' || outcome === 'keep';
  if (isIdle && steps.length > 0) return 'it has steps for a table that it says stays as it is';
  if (outcome === 'cut' && !steps.some(takesRecords))
    return 'it says cut, and has no step that removes records';
  if (outcome === 'delete' && plan.segments.some(stays)) return 'it says delete, and keeps segments';
  return null;
}

/**
 * Fields that no cut changes: an engine that does not know a new version would never open the segment again.
 */
function problemOfMetadata({ steps }: TablePlan): string | null {
  for (const step of steps) {
    const altered = alteredInMetadata(step);
    if (altered !== null) return `it changes the ${altered} of ${step.file.path}`;
  }
  return null;
}

/** Undo removes the links from this segment on, so they must be the links to segments that come back. */
function problemOfCopies(plan: TablePlan, table: Table): string | null {
  const { steps, snapshotCopies: copies, outcome } = plan;
  const lowest = new Set(table.orphans.filter((o) => o.end === 'lowest').map((o) => o.index));
  const changed = steps
    .filter((s) => changesSegment(s) || takesRecords(s))
    .flatMap((s) => ('segment' in s && s.segment !== undefined && !lowest.has(s.segment) ? [s.segment] : []));
  const from = outcome === 'delete' ? 0 : lowestOf(changed);
  const isRight = copies === null ? changed.length === 0 || !hasLinks(table) : copies.from === from;
  return isRight ? null : 'its steps and its summary disagree about the snapshots';
}

const hasLinks = ({ snapshots }: Table): boolean =>
  snapshots.some((dir) => dir.files.some((f) => segmentIndexOf(basename(f.rel)) !== null));
