/** Sums up a table's plan: counts, bytes, and the first and last records on both sides of the cut. */
import type { Pivot } from '../../streams/pivot-detector.ts';
import type { SurveyedSegment } from '../../streams/record-batch.ts';
import { isPrimaryKind } from '../format/key-records.ts';
import { removesKeymap } from '../plan/step-effects.ts';
import type { Prefix } from '../store/key-survey.ts';
import { type FoundRecord, nextKeptRecord, recordAt } from '../store/record-at.ts';
import type { FileInfo, Segment } from '../store/types.ts';
import type { Amount, RecordRef, SegmentFate, Step, TableOutcome, TablePlan } from '../types.ts';
import type { KeptSegment } from './check-kept.ts';
import type { TableContext } from './context.ts';

/** What happens to the segments of a table. */
export interface Fate {
  readonly outcome: TableOutcome;
  /** Segments older than the pivot's, or all that stay when there is none. */
  readonly kept: readonly KeptSegment[];
  readonly pivot?: PivotFate;
  /** Whole segments that go, newest first. */
  readonly removed: readonly KeptSegment[];
  /** Segments above the pivot's that stay: empty ones, when nothing else has to change. */
  readonly stay?: readonly KeptSegment[];
  /** Highest segment afterwards. */
  readonly highest: number | null;
  readonly firstChanged: number | null;
  readonly segmentSteps: readonly Step[];
}

/** What happens to the pivot's segment. */
export interface PivotFate {
  readonly pivot: Pivot;
  readonly kept: number;
  readonly removed: number;
  readonly prefix: Prefix;
  /** Whether the segment is cut to a prefix. */
  readonly changes: boolean;
}

const NOTHING: Amount = { segments: 0, records: 0, keyBytes: 0, valueBytes: 0 };

/** The sum of two amounts. */
function addAmounts(a: Amount, b: Amount): Amount {
  return {
    segments: a.segments + b.segments,
    records: a.records + b.records,
    keyBytes: a.keyBytes + b.keyBytes,
    valueBytes: a.valueBytes + b.valueBytes,
  };
}

/** The amounts of whole segments. */
function amountOf(segments: readonly KeptSegment[]): Amount {
  return segments.reduce((sum, s) => addAmounts(sum, wholeAmount(s)), NOTHING);
}

function wholeAmount({ segment, records }: KeptSegment): Amount {
  return { segments: 1, records, keyBytes: segment.keys.size, valueBytes: sumSizes(segment.values) };
}

function sumSizes(files: readonly FileInfo[]): number {
  return files.reduce((sum, f) => sum + f.size, 0);
}

/** The finished plan of a table. */
export function assemble(
  context: TableContext,
  fate: Fate,
  steps: readonly Step[],
  published: number | null,
): TablePlan {
  const { table } = context;
  const cut = fate.pivot === undefined ? { kept: NOTHING, removed: NOTHING } : pivotAmounts(fate.pivot);
  const outcome =
    steps.length > 0 && (fate.outcome === 'nothing' || fate.outcome === 'keep') ? 'repair' : fate.outcome;
  const top = Math.max(published ?? -1, table.segments.at(-1)?.index ?? -1);
  const copiesChange = published !== null && fate.firstChanged !== null && steps.length > 0;
  return {
    table: table.name,
    outcome,
    watermark: table.watermark,
    ...recordsInWords(context, fate),
    heights: context.heights,
    ...(context.keptAbove !== null && { keptAbove: context.keptAbove }),
    kept: addAmounts(addAmounts(amountOf(fate.kept), amountOf(fate.stay ?? [])), cut.kept),
    removed: addAmounts(amountOf(fate.removed), cut.removed),
    segments: segmentFates(context, fate),
    removesKeymap: steps.some(removesKeymap),
    snapshotCopies: copiesChange ? { from: fate.firstChanged as number, through: top } : null,
    notices: context.notices,
    acceptedDamage: context.acceptedDamage,
    steps,
  };
}

function pivotAmounts(fate: PivotFate): { kept: Amount; removed: Amount } {
  const { segment } = fate.pivot.at;
  const keys = segment.keys.size;
  const values = sumSizes(segment.values);
  if (!fate.changes) {
    return {
      kept: { segments: 1, records: fate.kept, keyBytes: keys, valueBytes: values },
      removed: NOTHING,
    };
  }
  const keptKeys = fate.removed > 0 ? fate.pivot.groupEnd : keys;
  const keptValues = segment.values.reduce(
    (sum, f, s) => sum + Math.min(f.size, fate.prefix.shardEnds[s] ?? 0),
    0,
  );
  return {
    kept: { segments: 1, records: fate.kept, keyBytes: keptKeys, valueBytes: keptValues },
    removed: {
      segments: 0,
      records: fate.removed,
      keyBytes: keys - keptKeys,
      valueBytes: values - keptValues,
    },
  };
}

function recordsInWords(
  context: TableContext,
  fate: Fate,
): { pivot: RecordRef | null; lastKept: RecordRef | null; firstRemoved: RecordRef | null } {
  const { fs } = context.plan;
  if (fate.pivot === undefined) {
    const oldest = [...fate.removed].reverse();
    return {
      pivot: null,
      lastKept: null,
      firstRemoved: fate.outcome === 'delete' ? firstOf(context, oldest) : null,
    };
  }
  const { pivot } = fate.pivot;
  const { segment, survey } = pivot.at;
  const found = { offset: pivot.offset, record: pivot.record, kind: pivot.kind, key: pivot.key };
  const last = pivot.lastOffset === pivot.offset ? found : recordAt(fs, survey, pivot.lastOffset);
  const next = fate.pivot.removed > 0 ? nextKeptRecord(fs, survey, pivot.groupEnd) : null;
  return {
    pivot: refer(context, segment, found),
    lastKept: refer(context, segment, last ?? found),
    firstRemoved:
      next === null ? firstOf(context, [...fate.removed].reverse()) : refer(context, segment, next),
  };
}

/** The oldest record of some segments, oldest first. */
function firstOf(context: TableContext, segments: readonly KeptSegment[]): RecordRef | null {
  for (const { segment, survey } of segments) {
    const record = survey === null ? null : nextKeptRecord(context.plan.fs, survey, 0);
    if (record !== null) return refer(context, segment, record);
  }
  return null;
}

function refer({ schema }: TableContext, segment: Segment, found: FoundRecord): RecordRef {
  const { record, offset, kind, key } = found;
  // A secondary's label would repeat its key.
  const decoded = schema?.decode(key, isPrimaryKind(kind)) ?? null;
  const words = decoded === null || decoded.height === null ? {} : { label: decoded.label };
  return { segment: segment.index, record, offset, kind, key: key.toString('hex'), ...words };
}

function segmentFates(context: TableContext, fate: Fate): SegmentFate[] {
  const fates: SegmentFate[] = [];
  const whole = (at: KeptSegment | SurveyedSegment, kind: 'kept' | 'removed'): void => {
    const bytes = at.segment.keys.size + sumSizes(at.segment.values);
    const sizes =
      kind === 'kept' ? { keptBytes: bytes, removedBytes: 0 } : { keptBytes: 0, removedBytes: bytes };
    fates.push({ segment: at.segment.index, fate: kind, ...sizes });
  };
  for (const at of fate.kept) whole(at, 'kept');
  for (const at of fate.stay ?? []) whole(at, 'kept');
  for (const at of fate.removed) whole(at, 'removed');
  if (fate.pivot !== undefined) {
    const { kept, removed } = pivotAmounts(fate.pivot);
    const removedBytes = removed.keyBytes + removed.valueBytes;
    fates.push({
      segment: fate.pivot.pivot.at.segment.index,
      fate: removedBytes > 0 || removed.records > 0 ? 'cut' : 'kept',
      keptBytes: kept.keyBytes + kept.valueBytes,
      removedBytes,
    });
  }
  for (const orphan of context.table.orphans) {
    fates.push({ segment: orphan.index, fate: 'orphan', keptBytes: 0, removedBytes: sumSizes(orphan.files) });
  }
  return fates.sort((a, b) => a.segment - b.segment);
}
