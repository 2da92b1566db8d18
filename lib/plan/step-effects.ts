/**
 * What one step, or all steps of a table, change: used by the code that checks a plan and the code that applies
 * it.
 */
import { decodeMetadata, type SegmentMetadata } from '../format/metadata.ts';
import type { AnyStep, RollbackPlan, Step, TablePlan } from '../types.ts';

/** All steps of a plan, in order: those of its tables, then that of the log-index. */
export function stepsOfPlan({ tables, logIndex }: Pick<RollbackPlan, 'tables' | 'logIndex'>): AnyStep[] {
  const steps: AnyStep[] = tables.flatMap((t) => t.steps);
  return logIndex?.step == null ? steps : [...steps, logIndex.step];
}

/** Whether a step changes a segment that stays. */
export function changesSegment(step: Step): step is Step & { segment: number } {
  if (step.op === 'replace-file') return step.reason === 'metadata';
  return step.op === 'cut-file' || step.op === 'rewrite-keys';
}

/** Whether a step removes a keymap. */
export function removesKeymap(step: AnyStep): boolean {
  return step.op === 'remove-directory' && step.reason === 'keymap';
}

/**
 * Whether a step removes derived data, which the engine makes again. If it is missing, it counts as removed;
 * anything in its place was made later.
 */
export function isDerived(step: AnyStep): boolean {
  if (step.op === 'remove-file') return step.reason === 'snapshot';
  // A whole `snapshot/` may hold the only copy of segments that collection has removed.
  return step.op === 'remove-link' || removesKeymap(step);
}

/** The lowest segment whose files a table's steps change or remove; null when they touch none. */
export function firstChangedOf(steps: readonly Step[]): number | null {
  const reasons: readonly string[] = ['newer', 'orphan', 'deleted'];
  const touched = steps.filter(
    (s) => changesSegment(s) || (s.op === 'remove-file' && reasons.includes(s.reason)),
  );
  return lowestOf(touched.flatMap((s) => ('segment' in s && s.segment !== undefined ? [s.segment] : [])));
}

/** The lowest of some segment numbers; null without any. */
export function lowestOf(indices: readonly number[]): number | null {
  return indices.reduce<number | null>((lowest, i) => Math.min(lowest ?? i, i), null);
}

/** The gc-watermark of a table once its plan is carried out; null for none. */
export function watermarkAfter({ steps, watermark }: Pick<TablePlan, 'steps' | 'watermark'>): number | null {
  return steps.some((s) => s.op === 'remove-file' && s.reason === 'watermark') ? null : watermark;
}

/** Whether a step takes records away from what the keymap was made from. */
export function takesRecords(step: Step): boolean {
  if (step.op === 'cut-file' || step.op === 'rewrite-keys') return true;
  // A lower count: another program's cut took the records already, and the keymap may still know them.
  if (step.op === 'replace-file')
    return step.reason === 'metadata' && countIn(step.after) < countIn(step.before);
  return (
    step.op === 'remove-file' &&
    (step.reason === 'newer' || step.reason === 'orphan' || step.reason === 'deleted')
  );
}

const decodeHex = (hex: string): SegmentMetadata => decodeMetadata(Buffer.from(hex, 'hex'));

const countIn = (hex: string): number => decodeHex(hex).keyCount;

/** The field of a segment that a step alters though no rollback may; null when there is none. */
export function alteredInMetadata(step: Step): string | null {
  if (step.op !== 'replace-file' || step.reason !== 'metadata') return null;
  const [was, is] = [decodeHex(step.before), decodeHex(step.after)];
  if (was.version !== is.version) return 'version';
  if (was.shardingFactor !== is.shardingFactor) return 'number of shards';
  return was.compression === is.compression ? null : 'compression';
}
