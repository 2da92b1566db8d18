/** The bar of segments: which part of a table stays and which goes. */
import type { SegmentFate } from '../types.ts';
import type { Paint } from './paint.ts';

type Part = 'kept' | 'cut' | 'removed' | 'orphan';

const GLYPHS: Record<Part, string> = { kept: '█', cut: '▒', removed: '░', orphan: '·' };
const ORDER: readonly Part[] = ['kept', 'cut', 'removed', 'orphan'];

interface Run {
  readonly part: Part;
  readonly weight: number;
}

/** A bar of about `cells` cells, oldest segment left, with a legend of the parts that occur in it. */
export function segmentBar(
  fates: readonly SegmentFate[],
  cells: number,
  paint: Paint,
): { bar: string; legend: string } {
  const runs = mergeRuns(fates.flatMap(runsOf));
  const sizes = allocate(
    runs.map((r) => (r.part === 'cut' ? 0 : r.weight)),
    cells,
  );
  const bar = runs.map((run, i) => colour(run.part, GLYPHS[run.part].repeat(sizes[i]!), paint)).join('');
  const present = ORDER.filter((part) => runs.some((run) => run.part === part));
  const legend = present.map((part) => `${colour(part, GLYPHS[part], paint)} ${part}`).join('   ');
  return { bar, legend };
}

function colour(part: Part, text: string, paint: Paint): string {
  if (part === 'kept') return paint.kept(text);
  return part === 'cut' ? paint.cut(text) : paint.removed(text);
}

/** A segment as stretches of the bar; a segment without a byte still shows. */
function runsOf(fate: SegmentFate): Run[] {
  switch (fate.fate) {
    case 'cut':
      return [
        { part: 'kept' as const, weight: fate.keptBytes },
        { part: 'cut' as const, weight: 0 },
        { part: 'removed' as const, weight: fate.removedBytes },
      ].filter((run) => run.part === 'cut' || run.weight > 0);
    case 'kept':
      return [{ part: 'kept', weight: Math.max(fate.keptBytes, 1) }];
    default:
      return [{ part: fate.fate, weight: Math.max(fate.removedBytes, 1) }];
  }
}

function mergeRuns(runs: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last?.part === run.part)
      merged[merged.length - 1] = { part: run.part, weight: last.weight + run.weight };
    else merged.push(run);
  }
  return merged;
}

/** Divides `cells` by weight, at least one each, by largest remainder. */
export function allocate(weights: readonly number[], cells: number): number[] {
  const spare = Math.max(cells - weights.length, 0);
  const total = weights.reduce((a, b) => a + b, 0);
  if (total === 0) return weights.map(() => 1);
  const exact = weights.map((w) => (w / total) * spare);
  const sizes = exact.map((e) => 1 + Math.floor(e));
  const left = spare - exact.reduce((sum, e) => sum + Math.floor(e), 0);
  const byRemainder = exact
    .map((e, i) => ({ i, rest: e - Math.floor(e) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRemainder.slice(0, left)) sizes[i]! += 1;
  return sizes;
}
