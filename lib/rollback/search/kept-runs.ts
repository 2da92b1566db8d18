/** What would stay of a table, read in the order in which it was written. */
import { type ForwardRun, forwardRuns, type Position } from '../../../streams/forward-runs.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import type { Progress } from '../progress.ts';

/** Segments that the engine serves: those at or above the watermark. */
export function readableSegments({ table }: TableContext): readonly Segment[] {
  const { watermark } = table;
  return watermark === null ? table.segments : table.segments.filter((s) => s.index >= watermark);
}

/** The served records before a place (null: all of them), oldest first. */
export function keptRuns(
  context: TableContext,
  end: Position | null,
  phase: Progress['phase'],
): AsyncGenerator<ForwardRun, void, void> {
  const { plan, table } = context;
  const segments = readableSegments(context).filter((s) => end === null || s.index <= end.segment);
  const total = segments.reduce((sum, s) => sum + (s.index === end?.segment ? end.offset : s.keys.size), 0);
  let done = 0;
  return forwardRuns({
    fs: plan.fs,
    segments,
    end,
    blockBytes: plan.blockBytes,
    signal: plan.signal,
    onBytes: (bytes) => {
      done += bytes;
      plan.onProgress?.({ phase, table: table.name, done, total, unit: 'bytes' });
    },
  });
}

/** The run that begins with the oldest served record; null when the engine serves none. */
export async function oldestRun(context: TableContext): Promise<ForwardRun | null> {
  for await (const run of keptRuns(context, null, 'heights')) return run;
  return null;
}
