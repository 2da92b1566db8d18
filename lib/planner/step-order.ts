/**
 * Puts the steps of one table in order: derived data first (keymap, snapshots and their bounds), then the
 * segments, the watermark last.
 */

import { takesRecords } from '../plan/step-effects.ts';
import { oldestIndex } from '../store/chain.ts';
import type { TablePlan } from '../types.ts';
import type { TableContext } from './context.ts';
import { planSnapshots, type SnapshotWork } from './snapshots.ts';
import { dropKeymap, removeFile } from './steps.ts';
import { assemble, type Fate } from './table-summary.ts';

/** The engine's names of keymaps; it accepts no other, and none with a newline. */
const KEYMAP_TYPES: readonly string[] = ['PebbleDBKeymap', 'UnsafePebbleDBKeymap', 'MemKeymap'];

const NO_WORK: SnapshotWork = { steps: [], published: null };

/** Puts the steps of a table in order and sums up the plan. */
export function finishTable(context: TableContext, fate: Fate, options: { emptied: boolean }): TablePlan {
  const { table, plan } = context;
  const dir = plan.snapshotDir === 'none' ? null : plan.snapshotDir;
  // For a table that was already empty and stays: its snapshot may hold the only copy of collected segments.
  const untouched = fate.highest === null && !options.emptied;
  const snapshots = untouched ? NO_WORK : planSnapshots(plan.fs, table, dir, fate);
  const keymap = fate.segmentSteps.some(takesRecords) ? dropKeymap(table) : [];
  const lastMark = options.emptied
    ? table.watermarkFiles.map((f) => removeFile(table.name, f, 'watermark'))
    : [];
  const leftovers = table.leftovers.map((f) => removeFile(table.name, f, 'leftover'));
  const steps = [...keymap, ...leftovers, ...snapshots.steps, ...fate.segmentSteps, ...lastMark];
  if (keymap.length === 0) noteKeymaps(context);
  noteOddities(context, options.emptied);
  return assemble(context, fate, steps, snapshots.published);
}

/**
 * For keymaps that stay: the problems that keep the engine from opening the table, with or without this
 * rollback.
 */
function noteKeymaps({ table, notices }: TableContext): void {
  const [keymap, ...others] = table.keymaps;
  if (keymap === undefined) return;
  const then = 'the engine refuses to open such a table, and rebuilds a missing keymap';
  if (others.length > 0) notices.push(`keymap directories in ${others.length + 1} roots: ${then}`);
  else if (keymap.type === null || !KEYMAP_TYPES.includes(keymap.type))
    notices.push(`keymap directory without a valid keymap-type.txt: ${then}`);
}

function noteOddities(context: TableContext, emptied: boolean): void {
  const { table, notices } = context;
  const lowest = oldestIndex(table) ?? 0;
  if (lowest > 0 && table.watermark === null) {
    notices.push(`the oldest segment is ${lowest} and there is no gc-watermark: was a root forgotten?`);
  }
  if (table.absentIn.length > 0) {
    notices.push(`no directory of this table in ${table.absentIn.length} of the given roots`);
  }
  const watermark = table.watermark ?? 0;
  if (!emptied && table.segments.length === 0 && watermark > 0) {
    notices.push(`the table is empty but has a gc-watermark of ${watermark}: the engine refuses to open it`);
  }
}
