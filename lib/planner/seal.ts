/**
 * Sealing, as the engine does it at open, as steps of a plan: groups that a crash left incomplete are dropped
 * from the key file, and the metadata is marked sealed. Value files and a torn last record stay unchanged, as
 * with the engine.
 */
import { ioError } from '../errors.ts';
import { MAX_METADATA_SIZE } from '../format/metadata.ts';
import { readSmallFile } from '../store/durable-files.ts';
import type { Segment } from '../store/types.ts';
import type { Step } from '../types.ts';
import type { KeptSegment } from './check-kept.ts';
import type { TableContext } from './context.ts';
import { sealMetadata, trimKeys } from './steps.ts';

/** The present bytes of a segment's metadata. @throws RollbackError ERR_IO */
export function metadataBytes(context: TableContext, segment: Segment): Buffer {
  try {
    return readSmallFile(context.plan.fs, segment.metadataFile.path, MAX_METADATA_SIZE);
  } catch (error) {
    throw ioError(error, segment.metadataFile.path, 'read metadata');
  }
}

/**
 * Steps that seal the unsealed segments among those that stay whole. The newest segment of the table, if it has
 * no record, is left for the engine to seal at its next start: every crash soon after a start leaves such a
 * segment, and nothing can be lost meanwhile.
 */
export function sealKept(
  context: TableContext,
  kept: readonly KeptSegment[],
): { steps: Step[]; changed: number[] } {
  const { table, plan } = context;
  const steps: Step[] = [];
  const changed: number[] = [];
  for (const { segment, survey, records } of kept) {
    if (segment.metadata.sealed || survey === null) continue;
    if (survey.records === 0 && segment === table.segments.at(-1)) continue;
    if (survey.droppedRecords > 0) steps.push(...trimKeys(table.name, segment, survey, survey.end));
    steps.push(sealMetadata(table.name, segment, metadataBytes(context, segment), records, plan.now));
    changed.push(segment.index);
    context.notices.push(describeSeal(segment.index, survey.droppedRecords, survey.size - survey.end));
  }
  return { steps, changed };
}

/** The effect of sealing on a segment, in words. */
export function describeSeal(segment: number, dropped: number, torn: number): string {
  const losses: string[] = [];
  if (dropped > 0) losses.push(`${dropped} records of incomplete groups dropped`);
  if (torn > 0) losses.push(`${torn} bytes of a torn record ignored`);
  return `segment ${segment} was open at a crash and is sealed${losses.length > 0 ? `: ${losses.join(', ')}` : ''}`;
}
