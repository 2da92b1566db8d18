/**
 * Checks the data that stays, before a plan exists. Groups must be closed, and the record count must match the
 * metadata: the engine never syncs key files, so after a power cut a sealed one may be short, and the lost keys
 * then live in the keymap alone, which a rollback drops.
 */
import type { WalkResult } from '../../streams/plan-sink.ts';
import { surveySegment } from '../../streams/reverse-records.ts';
import { type KeySurvey, type SurveyOptions, surveyKeys } from '../store/key-survey.ts';
import type { Fault } from '../store/scan-findings.ts';
import type { Segment } from '../store/types.ts';
import type { TableContext } from './context.ts';

/** What the checks found in a segment that stays. */
export interface KeptSegment {
  readonly segment: Segment;
  /** Records that the engine will serve. */
  readonly records: number;
  /** Null when the segment was not read. */
  readonly survey: KeySurvey | null;
}

/** Surveys that a walk has made, by segment. */
export function surveysOf(walk: WalkResult): Map<number, KeySurvey> {
  return new Map(walk.walked.map((w) => [w.segment.index, w.survey]));
}

/**
 * Checks segments that stay whole (unsealed ones are surveyed by the rules of sealing).
 * @param known surveys that the walk has already made
 * @throws RollbackError ERR_GROUP, ERR_KEY_RECORD, ERR_KEY_COUNT, ERR_ADDRESS unless damage is accepted; ERR_IO
 */
export async function checkKept(
  context: TableContext,
  segments: readonly Segment[],
  known: ReadonlyMap<number, KeySurvey>,
): Promise<KeptSegment[]> {
  const { table, plan } = context;
  const total = segments.reduce((sum, s) => sum + s.keys.size, 0);
  let done = 0;
  const kept: KeptSegment[] = [];
  for (const segment of segments) {
    const readable = table.watermark === null || segment.index >= table.watermark;
    const { sealed } = segment.metadata;
    const walked = known.get(segment.index) ?? context.surveys.get(segment.index);
    // A walk checks addresses, and only the first fault is kept: a bad address could hide an unclosed group
    // after it.
    const hides = sealed && readable && walked?.firstFault?.code === 'ERR_ADDRESS';
    const wanted = !sealed || hides || (plan.check === 'all' && readable);
    const ready = hides ? undefined : walked;
    const survey = ready ?? (wanted ? await surveyKept(context, segment) : null);
    // The engine seals an open segment even if it lies below the watermark, and stops at damage in it.
    if (survey !== null && (readable || !sealed)) reportKept(context, segment, survey);
    const records = survey === null ? segment.metadata.keyCount : survey.records - survey.droppedRecords;
    kept.push({ segment, records, survey });
    done += segment.keys.size;
    plan.onProgress?.({ phase: 'check', table: table.name, done, total, unit: 'bytes' });
  }
  return kept;
}

/**
 * Surveys a segment that stays: groups and the number of records, not where values end.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export function surveyKept(
  { plan }: TableContext,
  segment: Segment,
  look: Pick<SurveyOptions, 'onBlock' | 'onBytes'> = {},
): Promise<KeySurvey> {
  const { fs, blockBytes, signal } = plan;
  if (!segment.metadata.sealed) return surveySegment(segment, { fs, blockBytes, signal });
  return surveyKeys(fs, segment.keys.path, segment.keys.size, {
    rules: {
      segment: segment.index,
      shardingFactor: segment.metadata.shardingFactor,
      valueSizes: null,
      sealing: false,
    },
    blockBytes,
    signal,
    ...look,
  });
}

function reportKept(context: TableContext, segment: Segment, survey: KeySurvey): void {
  const { firstFault } = survey;
  const highest = context.table.segments.at(-1)?.index === segment.index;
  // Addresses are checked in the pivot's segment alone; in an unsealed segment a bad address is corruption.
  if (firstFault !== null && (firstFault.code !== 'ERR_ADDRESS' || !segment.metadata.sealed)) {
    reportFault(context, segment, firstFault);
  }
  reportCount(context, segment, survey, highest);
}

/** Describes the fault of a record that would be kept. */
export function reportFault(context: TableContext, segment: Segment, fault: Fault): void {
  context.damage(
    fault.code,
    {
      what: `A record that would be kept is damaged: ${fault.problem}`,
      why: 'The engine would serve wrong or missing data, or refuse to start',
    },
    { segment: segment.index, record: fault.record, path: segment.keys.path, offset: fault.offset },
  );
}

/**
 * Compares the record count with the metadata's. In the highest segment fewer records may come from an
 * interrupted cut of the Go utility, which a rollback repairs.
 */
export function reportCount(
  context: TableContext,
  segment: Segment,
  survey: KeySurvey,
  highest: boolean,
): void {
  const { keyCount, sealed } = segment.metadata;
  if (!sealed || survey.records === keyCount) return;
  if (survey.records < keyCount && highest) {
    context.notices.push(
      `segment ${segment.index} holds ${survey.records} records, its metadata says ${keyCount}: ` +
        'an interrupted rollback leaves this (so does a power cut that lost keys)',
    );
    return;
  }
  const fewer = survey.records < keyCount;
  context.damage(
    'ERR_KEY_COUNT',
    {
      what: `A segment that would be kept holds ${survey.records} records, but its metadata says ${keyCount}`,
      why: fewer
        ? 'A power cut lost the end of its key file; the missing keys live in the keymap alone and would be lost with it'
        : 'Its key file holds something that was never written as a record',
    },
    { segment: segment.index, path: segment.keys.path, offset: survey.end },
  );
}
