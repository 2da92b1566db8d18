/**
 * The plan for one table: walk to the pivot, check the data that stays, and list the steps.
 *
 * Order of the steps: derived data first (keymap, snapshots and their bounds), then the newer segments from the
 * highest down, then the pivot's segment (keys, values, metadata), then what sealing and collection left
 * undone, the watermark last.
 */
import type { WalkResult } from '../../streams/plan-sink.ts';
import { RollbackError } from '../errors.ts';
import { formatKey } from '../format/printable.ts';
import { notePhase } from '../phases.ts';
import { lowestOf } from '../plan/step-effects.ts';
import { oldestIndex } from '../store/chain.ts';
import type { KeySurvey } from '../store/key-survey.ts';
import { nextKeptRecord } from '../store/record-at.ts';
import type { Segment } from '../store/types.ts';
import type { TablePlan } from '../types.ts';
import { checkKept, type KeptSegment, surveysOf } from './check-kept.ts';
import type { TableContext } from './context.ts';
import { newestOrphans, refuseOrphansWithData, refuseUnmatchedOrphans } from './orphans.ts';
import { planCut } from './plan-cut.ts';
import { sealKept } from './seal.ts';
import { searchTable } from './search/search.ts';
import { refuseMissingSnapshotDir } from './snapshots.ts';
import { finishTable } from './step-order.ts';
import { removeOrphans, removeSegment } from './steps.ts';
import type { Fate } from './table-summary.ts';

/**
 * Plans one table. Reads only.
 * @throws RollbackError every refusal and every kind of damage that one table can have
 */
export async function planTable(context: TableContext): Promise<TablePlan> {
  const { table, plan } = context;
  notePhase('plan table', table.name);
  refuseOrphansWithData(table, plan.dropOrphans);
  refuseMissingSnapshotDir(plan.fs, table, plan.snapshotDir);
  const { walk, whenNone } = await searchTable(context);
  if (walk.pivot !== null) return planCut(context, walk, walk.pivot);
  const policy = whenNone === 'keep' ? 'keep' : plan.onNoMatch;
  if (policy === 'refuse') throw noMatchError(context, walk);
  if (whenNone !== 'keep') refuseUnmatchedOrphans(table, plan.dropOrphans);
  return policy === 'delete' ? planDelete(context, walk) : planKeep(context, walk);
}

function noMatchError(context: TableContext, walk: WalkResult): RollbackError {
  const { table } = context;
  const records = walk.walked.reduce((sum, w) => sum + w.survey.records - w.survey.droppedRecords, 0);
  const newest = newestPrimary(context, walk);
  const holds =
    records === 0
      ? 'It holds no records'
      : `It holds ${records} records; its newest segment with records begins with key ${newest}`;
  return new RollbackError(
    'ERR_NO_MATCH',
    {
      what: noneFits(context),
      why: `${holds}. Nothing is kept or deleted without an explicit choice`,
      next: 'Check the target; leave the table out with --table; or pass --on-no-match keep (or delete)',
    },
    { table: table.name },
  );
}

function noneFits({ table, plan: { target } }: TableContext): string {
  return target.kind === 'drop-last'
    ? `Table ${table.name} holds no more than ${target.groups} groups: nothing older is there to keep`
    : `No record matches in table ${table.name}`;
}

function newestPrimary(context: TableContext, walk: WalkResult): string {
  for (const { survey } of walk.walked) {
    const record = nextKeptRecord(context.plan.fs, survey, 0);
    if (record !== null) return formatKey(record.key);
  }
  return '';
}

/** Nothing matched and the table stays: the plan contains only what the engine would tidy at open. */
async function planKeep(context: TableContext, walk: WalkResult): Promise<TablePlan> {
  const { table } = context;
  const kept = await checkKept(context, table.segments, surveysOf(walk));
  const repairs = sealKept(context, kept);
  const highest = table.segments.at(-1)?.index ?? null;
  const fate: Fate = {
    outcome: 'keep',
    kept,
    removed: [],
    highest,
    firstChanged: lowestOf([...repairs.changed, ...newestOrphans(table)]),
    segmentSteps: [...removeOrphans(table), ...repairs.steps],
  };
  const emptied = highest === null && table.orphans.length > 0;
  return finishTable(context, fate, { emptied });
}

/** Nothing matched and the policy is `delete`: everything goes, the watermark last. */
function planDelete(context: TableContext, walk: WalkResult): TablePlan {
  const { table } = context;
  refuseUncertainDelete(context);
  const newestFirst = [...table.segments].reverse();
  const surveys = surveysOf(walk);
  const removed = newestFirst.map((segment) => keptOf(segment, surveys));
  const segmentSteps = [
    ...removeOrphans(table, 'highest'),
    ...newestFirst.flatMap((s) => removeSegment(table.name, s, 'deleted')),
    ...removeOrphans(table, 'lowest'),
  ];
  const fate: Fate = {
    outcome: 'delete',
    kept: [],
    removed,
    highest: null,
    firstChanged: 0,
    segmentSteps,
  };
  return finishTable(context, fate, { emptied: true });
}

function keptOf(segment: Segment, surveys: ReadonlyMap<number, KeySurvey>): KeptSegment {
  const survey = surveys.get(segment.index) ?? null;
  const records = survey === null ? segment.metadata.keyCount : survey.records - survey.droppedRecords;
  return { segment, records, survey };
}

function refuseUncertainDelete(context: TableContext): void {
  const { table } = context;
  const lowest = oldestIndex(table) ?? 0;
  if (lowest === 0 || table.watermark !== null) return;
  throw new RollbackError(
    'ERR_DELETE_UNCERTAIN',
    {
      what: `The oldest segment is ${lowest}, and no gc-watermark says that older ones were collected`,
      why: 'A root may be missing, and --on-no-match delete would then destroy half a table',
      next: 'Pass every root with --src, or keep the table with --on-no-match keep',
    },
    { table: table.name, segment: lowest },
  );
}
