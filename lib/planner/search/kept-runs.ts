/** The records of a table that would stay, read in the order in which they were written. */
import { type ForwardRun, forwardRuns, type Position } from '../../../streams/forward-runs.ts';
import { KIND } from '../../format/key-records.ts';
import type { Segment } from '../../store/types.ts';
import type { Progress } from '../../types.ts';
import type { TableContext } from '../context.ts';

/** Segments that the engine serves: those at or above the watermark. */
export function readableSegments({ table }: TableContext): readonly Segment[] {
  const { watermark } = table;
  return watermark === null ? table.segments : table.segments.filter((s) => s.index >= watermark);
}

/** Reports progress while some segments are read up to a place (null: to their ends). */
export function progressOf(
  { plan, table }: TableContext,
  segments: readonly Segment[],
  end: Position | null,
  phase: Progress['phase'],
): (bytes: number) => void {
  const total = segments.reduce((sum, s) => sum + (s.index === end?.segment ? end.offset : s.keys.size), 0);
  let done = 0;
  return (bytes) => {
    done += bytes;
    plan.onProgress?.({ phase, table: table.name, done, total, unit: 'bytes' });
  };
}

/** The served records before a place (null: all of them), oldest first. */
export function keptRuns(
  context: TableContext,
  end: Position | null,
  phase: Progress['phase'],
): AsyncGenerator<ForwardRun, void, void> {
  const { fs, blockBytes, signal } = context.plan;
  const segments = readableSegments(context).filter((s) => end === null || s.index <= end.segment);
  const onBytes = progressOf(context, segments, end, phase);
  return forwardRuns({ fs, segments, end, blockBytes, signal, onBytes });
}

/** The run that begins with the oldest served record; null when the engine serves none. */
export async function oldestRun(context: TableContext): Promise<ForwardRun | null> {
  for await (const run of keptRuns(context, null, 'heights')) return run;
  return null;
}

/** How many records and groups of some segments the engine serves. */
export async function countRecords(
  context: TableContext,
  segments: readonly Segment[],
): Promise<{ records: number; groups: number }> {
  const { fs, blockBytes, signal } = context.plan;
  const onBytes = progressOf(context, segments, null, 'check');
  let records = 0;
  let groups = 0;
  for await (const run of forwardRuns({ fs, segments, end: null, blockBytes, signal, onBytes })) {
    const { buffer, offsets, count } = run;
    records += count;
    for (let i = 0; i < count; i++) if ((buffer[offsets[i] as number] as number) <= KIND.primary) groups++;
  }
  return { records, groups };
}
