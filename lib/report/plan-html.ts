/** A plan as a page: a strip to scale for each table, numbers, notes. */
import type { RollbackPlan, SegmentFate, TablePlan } from '../types.ts';
import { type Html, html, page, table } from './html-page.ts';
import { recordText } from './record-text.ts';
import { formatBytes, formatCount, plural } from './text.ts';

/** Segments beyond this are drawn together with their neighbours: a strip is at most so many pieces. */
const MOST_PIECES = 400;

/** The page of a plan. @param command the command that applies it, as a line to paste; null where it cannot be applied */
export function planToHtml(plan: RollbackPlan, command: string | null): string {
  const title = `Rollback: ${plan.target}`;
  const notices = [...plan.notices, ...plan.tables.flatMap((t) => t.notices.map((n) => `${t.table}: ${n}`))];
  const body = html`<h1>${title}</h1>
<p>A plan of litt-rollback, made at ${plan.createdAt}: nothing was changed. It concerns ${plural(plan.tables.length, 'table')} in
${plural(plan.roots.length, 'root')}.</p>
${legend()}
${plan.tables.map(tableSection)}
${
  notices.length === 0
    ? ''
    : html`<h2>Notes</h2>
<ul>${notices.map((n) => html`<li>${n}</li>`)}</ul>
`
}<h2>Roots</h2>
<ul>${plan.roots.map((root) => html`<li><code>${root}</code></li>`)}</ul>
${
  command === null
    ? ''
    : html`<h2>Apply it</h2>
<p><code>${command}</code></p>
`
}`;
  return page(title, body);
}

function legend(): Html {
  const words = ['kept', 'cut', 'removed', 'orphan'] as const;
  return html`<p class="legend">${words.map((word) => html`<span class="${word}"></span>${word}`)}</p>`;
}

function tableSection(plan: TablePlan): Html {
  const { table: name, heights, kept, removed, segments } = plan;
  const rows: (readonly (string | Html)[])[] = [
    [
      'kept',
      formatCount(kept.records),
      formatCount(kept.segments),
      formatBytes(kept.keyBytes + kept.valueBytes),
    ],
    [
      'removed',
      formatCount(removed.records),
      formatCount(removed.segments),
      formatBytes(removed.keyBytes + removed.valueBytes),
    ],
  ];
  const ends = [
    ...(heights === null
      ? []
      : [
          `Height ${heights.lastKept ?? 'none'} is the last kept, ${heights.firstRemoved ?? 'none'} the first removed.`,
        ]),
    ...(plan.lastKept === null ? [] : [`Last kept: ${recordText(plan.lastKept)}.`]),
    ...(plan.firstRemoved === null ? [] : [`First removed: ${recordText(plan.firstRemoved)}.`]),
  ];
  return html`<h2>${name}</h2>
${strip(name, segments)}
${ends.map((text) => html`<p>${text}</p>\n`)}${table(`What becomes of ${name}`, ['', 'records', 'segments', 'bytes'], rows)}`;
}

/** Old on the left, new on the right, each piece as wide as its bytes. */
function strip(name: string, segments: readonly SegmentFate[]): Html {
  const pieces = segments.flatMap(({ fate, keptBytes, removedBytes }) => [
    { fate: fate === 'kept' || fate === 'cut' ? 'kept' : fate, bytes: keptBytes },
    { fate: fate === 'kept' ? 'removed' : fate, bytes: removedBytes },
  ]);
  const shown = joined(pieces.filter((p) => p.bytes > 0));
  const total = shown.reduce((sum, p) => sum + p.bytes, 0);
  const words = ['kept', 'cut', 'removed', 'orphan'].flatMap((fate) => {
    const bytes = shown.filter((p) => p.fate === fate).reduce((sum, p) => sum + p.bytes, 0);
    return bytes === 0 ? [] : [`${formatBytes(bytes)} ${fate}`];
  });
  const spans = shown.map(
    (p) => html`<span class="${p.fate}" style="flex:${(p.bytes / total).toFixed(6)}"></span>`,
  );
  return html`<div class="strip" role="img" aria-label="${name}: ${words.join(', ') || 'empty'}">${spans}</div>`;
}

interface Piece {
  readonly fate: string;
  readonly bytes: number;
}

/** Neighbours of one fate are one piece where there are too many. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  if (pieces.length <= MOST_PIECES) return pieces;
  const runs: Piece[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last?.fate === piece.fate) runs[runs.length - 1] = { ...last, bytes: last.bytes + piece.bytes };
    else runs.push(piece);
  }
  return runs;
}
