/** A batch as a page: the folded table, and each group with its nodes. */
import type { BatchSummary, SummaryNode } from '../fleet/batch-summary.ts';
import { isFailed } from '../fleet/verdicts.ts';
import { groupNodes } from './fleet-text.ts';
import { foldNames } from './fold-names.ts';
import { type Html, html, page, table } from './html-page.ts';
import { formatBytes, formatCount, plural } from './text.ts';

/** The page of a batch. @param notices remarks on the fleet file */
export function fleetToHtml(summary: BatchSummary, at: string, notices: readonly string[]): string {
  const { command, target, nodes, stopped, changed } = summary;
  const title = target === null ? `Batch ${command}` : `Batch ${command}: ${target}`;
  const counts = Object.entries(summary.counts).map(([verdict, count]) => `${count} ${verdict}`);
  const body = html`<h1>${title}</h1>
<p>A batch of litt-rollback over ${plural(nodes.length, 'node')}, ended at ${at}: ${counts.join(', ')}. This call has changed
${plural(changed, 'node')}.</p>
${
  stopped === null
    ? ''
    : html`<p class="failed">Stopped before any change: ${stopped}.</p>
`
}${groupNodes(nodes).map((group) => groupSection(group))}
${
  notices.length === 0
    ? ''
    : html`<h2>Notes</h2>
<ul>${notices.map((n) => html`<li>${n}</li>`)}</ul>
`
}`;
  return page(title, body);
}

function groupSection(group: readonly SummaryNode[]): Html {
  const [{ verdict, error }] = group as readonly [SummaryNode, ...SummaryNode[]];
  const kind = isFailed(verdict) ? 'failed' : 'good';
  const names = foldNames(group.map((n) => n.node)).join(', ');
  const rows = group.flatMap((n) => {
    const ends = n.tables.length === 0 ? [null] : n.tables;
    return ends.map((end) => [
      n.node,
      end?.table ?? '–',
      end?.lastKept ?? '–',
      end?.firstRemoved ?? '–',
      formatCount(end?.recordsRemoved ?? 0),
      formatBytes(end?.bytesRemoved ?? 0),
      n.transaction ?? '–',
      n.error?.what ?? '',
    ]);
  });
  const heads = ['node', 'table', 'ends at', 'first removed', 'records', 'bytes', 'transaction', 'error'];
  return html`<h2><span class="${kind}">${verdict}</span> ${names}</h2>
${
  error === null
    ? ''
    : html`<p>${error.what} <code>${error.code}</code>. ${error.next ?? ''}</p>
`
}<details><summary>${plural(group.length, 'node')}</summary>
${table(`Nodes that are ${verdict}`, heads, rows)}</details>
`;
}
