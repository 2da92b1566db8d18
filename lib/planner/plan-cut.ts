/** The plan of a table with a pivot: newer segments go, and the pivot's segment is cut behind its group. */
import type { Pivot } from '../../streams/pivot-detector.ts';
import type { WalkResult } from '../../streams/plan-sink.ts';
import type { SurveyedSegment } from '../../streams/record-batch.ts';
import { RollbackError } from '../errors.ts';
import { formatKey } from '../format/printable.ts';
import { lowestOf } from '../plan/step-effects.ts';
import { type KeySurvey, type Prefix, prefixOf } from '../store/key-survey.ts';
import type { Segment } from '../store/types.ts';
import type { Step, TablePlan } from '../types.ts';
import { checkKept, reportCount, reportFault, surveysOf } from './check-kept.ts';
import type { TableContext } from './context.ts';
import { newestOrphans } from './orphans.ts';
import { describeSeal, metadataBytes, sealKept } from './seal.ts';
import { finishTable } from './step-order.ts';
import { cutFile, removeOrphans, removeSegment, sealMetadata, trimKeys } from './steps.ts';
import type { Fate } from './table-summary.ts';

/**
 * Plans a table in which a record matched.
 * @throws RollbackError ERR_BELOW_WATERMARK, every kind of damage in the kept data, ERR_IO
 */
export async function planCut(context: TableContext, walk: WalkResult, pivot: Pivot): Promise<TablePlan> {
  const { table } = context;
  const { segment, survey } = pivot.at;
  refuseBelowWatermark(context, pivot);
  refuseBadPivotSegment(context, pivot);
  const older = table.segments.filter((s) => s.index < segment.index);
  const kept = await checkKept(context, older, surveysOf(walk));
  const prefix = prefixOf(context.plan.fs, survey, pivot.groupEnd);
  const newer = walk.walked.filter((w) => w.segment.index > segment.index);
  const removed = newer.map((w) => ({ ...w, records: w.survey.records - w.survey.droppedRecords }));
  const sealOlder = sealKept(context, kept);
  const orphans = newestOrphans(table);

  const keptHere = prefix.records - prefix.droppedRecords;
  const goesHere = survey.records - survey.droppedRecords - keptHere;
  const removesRecords = goesHere > 0 || removed.some((r) => r.records > 0);
  const repairs =
    newer.some(needsRemoval) || !segment.metadata.sealed || interruptedCut(context, segment, survey);
  const changes = removesRecords || repairs || orphans.length > 0;
  const cut = changes ? cutPivot(context, segment, survey, prefix, pivot.groupEnd) : [];
  const gone = changes ? removed : [];
  const goneIndices = [...gone.map((r) => r.segment.index), ...orphans];
  const fate: Fate = {
    outcome: removesRecords ? 'cut' : 'nothing',
    kept,
    pivot: { pivot, kept: keptHere, removed: goesHere, prefix, changes },
    removed: gone,
    stay: changes ? [] : removed,
    highest: changes ? segment.index : (table.segments.at(-1)?.index ?? segment.index),
    firstChanged: lowestOf([
      ...goneIndices,
      ...sealOlder.changed,
      ...(cut.length > 0 ? [segment.index] : []),
    ]),
    segmentSteps: [
      ...removeOrphans(table, 'highest'),
      ...gone.flatMap((r) => removeSegment(table.name, r.segment, 'newer')),
      ...cut,
      ...sealOlder.steps,
      ...removeOrphans(table, 'lowest'),
    ],
  };
  return finishTable(context, fate, { emptied: false });
}

/**
 * Whether a newer segment without a record to serve must go all the same: an open one may hold records that
 * sealing would drop, and a record count may include records that are gone from the key file but not from the
 * keymap.
 */
function needsRemoval({ segment, survey }: SurveyedSegment): boolean {
  const { sealed, keyCount } = segment.metadata;
  return sealed ? keyCount > 0 : survey.records > 0;
}

function refuseBelowWatermark(context: TableContext, pivot: Pivot): void {
  const { table } = context;
  const index = pivot.at.segment.index;
  if (table.watermark === null || index >= table.watermark) return;
  throw new RollbackError(
    'ERR_BELOW_WATERMARK',
    {
      what: `The target (key ${formatKey(pivot.key)}) lies in segment ${index}, below the gc-watermark ${table.watermark}`,
      why: 'The engine has collected that segment: after the rollback nothing readable would be left',
      next: `Choose a target in segment ${table.watermark} or newer (the \`keys\` command lists them)`,
    },
    { table: table.name, segment: index, record: pivot.record, path: table.watermarkFiles[0]?.path },
  );
}

function refuseBadPivotSegment(context: TableContext, pivot: Pivot): void {
  const { segment, survey } = pivot.at;
  const { firstFault } = survey;
  if (firstFault !== null && firstFault.offset < pivot.groupEnd) reportFault(context, segment, firstFault);
  const highest = context.table.segments.at(-1)?.index === segment.index;
  reportCount(context, segment, survey, highest);
}

/** A sealed highest segment with fewer records than its metadata says: an unfinished cut. */
function interruptedCut(context: TableContext, segment: Segment, survey: KeySurvey): boolean {
  const highest = context.table.segments.at(-1)?.index === segment.index;
  return highest && segment.metadata.sealed && survey.records < segment.metadata.keyCount;
}

/** Keys, then values, then metadata. A torn last record alone is legal and stays. */
function cutPivot(
  context: TableContext,
  segment: Segment,
  survey: KeySurvey,
  prefix: Prefix,
  groupEnd: number,
): Step[] {
  const { table, plan } = context;
  const keptRecords = prefix.records - prefix.droppedRecords;
  const steps: Step[] = [];
  if (keptRecords < survey.records) steps.push(...trimKeys(table.name, segment, survey, groupEnd));
  segment.values.forEach((file, shard) => {
    steps.push(...cutFile(table.name, segment.index, file, prefix.shardEnds[shard] ?? 0));
  });
  if (!segment.metadata.sealed || segment.metadata.keyCount !== keptRecords) {
    steps.push(sealMetadata(table.name, segment, metadataBytes(context, segment), keptRecords, plan.now));
  }
  if (!segment.metadata.sealed) {
    context.notices.push(describeSeal(segment.index, survey.droppedRecords, survey.size - survey.end));
  }
  return steps;
}
