/** Pages: what is in them, and what is not. */
import { expect } from 'chai';
import type { BatchSummary, SummaryNode } from '../../lib/fleet/batch-summary.ts';
import { fleetToHtml } from '../../lib/report/fleet-html.ts';
import { html, isEarlierPage, page } from '../../lib/report/html-page.ts';
import { planToHtml } from '../../lib/report/plan-html.ts';
import { crowdedTable, cutTable, plan as planOf } from './sample-plans.ts';

const samplePlan = () => planOf({ tables: [cutTable(), crowdedTable()] });

/** Every tag that is opened is closed, in order; tags that have no end are left out. */
function problemOfTags(text: string): string | null {
  const open: string[] = [];
  for (const [, end, name = ''] of text
    .replace(/<style>.*?<\/style>/s, '')
    .matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)) {
    if (name === 'meta') continue;
    if (end === '') open.push(name);
    else if (open.pop() !== name) return `</${name}> closes something else`;
  }
  return open.length === 0 ? null : `<${open.at(-1)}> is not closed`;
}

const node = (i: number, over: Partial<SummaryNode> = {}): SummaryNode => ({
  node: `rpc-${String(i).padStart(4, '0')}`,
  verdict: 'done',
  changed: true,
  transaction: 'c90818c5-3472-47f9-8aad-cb2b63d6cbb6',
  tables: [
    { table: 'blocks', lastKept: '1027', firstRemoved: '1028', recordsRemoved: 152, bytesRemoved: 9089 },
  ],
  notices: [],
  error: null,
  attempts: 1,
  ...over,
});

const summaryOf = (nodes: readonly SummaryNode[]): BatchSummary => ({
  command: 'apply',
  run: null,
  target: 'height 1027',
  exit_code: 0,
  counts: { done: nodes.length },
  changed: nodes.length,
  stopped: null,
  nodes,
});

describe('report: a page', () => {
  it('shows what a name says, and never takes it for a part of the page', () => {
    const name = '<script>alert("1")</script> & \u0007 \u202e';
    const text = page(name, html`<p title="${name}">${name}</p>`);
    expect(text).to.not.include('<script');
    for (const character of ['\u0007', '\u202e']) expect(text).to.not.include(character);
    expect(text).to.include('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp;');
  });

  it('asks nothing of a network, and has no script', () => {
    for (const text of [
      planToHtml(samplePlan(), 'litt-rollback apply'),
      fleetToHtml(summaryOf([node(1)]), 'now', []),
    ]) {
      expect(text).to.not.match(/<script|<link|<img|<iframe|@import|url\(|https?:| on[a-z]+=/);
      expect(text).to.include("default-src 'none'");
      expect(problemOfTags(text)).to.equal(null);
      expect(isEarlierPage(Buffer.from(text.slice(0, 4096)))).to.equal(true);
    }
    expect(isEarlierPage(Buffer.from('<!doctype html><title>notes</title>'))).to.equal(false);
  });
});

describe('report: a plan as a page', () => {
  it('draws a strip to scale for each table, which can be read without seeing it', () => {
    const plan = samplePlan();
    const text = planToHtml(plan, 'litt-rollback apply plan.json');
    const strips = [...text.matchAll(/class="strip" role="img" aria-label="([^"]*)">(.*?)<\/div>/g)];
    expect(strips.length).to.equal(plan.tables.length);
    for (const [, label, spans = ''] of strips) {
      expect(label).to.match(/(kept|removed|cut)/);
      const shares = [...spans.matchAll(/flex:([\d.]+)/g)].map(([, share]) => Number(share));
      expect(shares.reduce((a, b) => a + b, 0)).to.be.closeTo(1, 0.001);
    }
    expect(text).to.include('litt-rollback apply plan.json');
    expect(planToHtml(plan, null)).to.not.include('Apply it');
  });

  it('stays small with twenty thousand segments', () => {
    const plan = samplePlan();
    const [first] = plan.tables as [(typeof plan.tables)[number]];
    const segments = Array.from({ length: 20_000 }, (_, segment) => ({
      segment,
      fate: segment < 15_000 ? ('kept' as const) : ('removed' as const),
      keptBytes: segment < 15_000 ? 100 : 0,
      removedBytes: segment < 15_000 ? 0 : 100,
    }));
    const text = planToHtml({ ...plan, tables: [{ ...first, segments }] }, null);
    expect(text.length).to.be.lessThan(50_000);
    expect(text).to.match(/flex:0\.750000/);
  });
});

describe('report: a batch as a page', () => {
  it('folds nodes with one result, and each group opens', () => {
    const failed = node(7, {
      verdict: 'damaged',
      error: {
        code: 'ERR_FILE_MISSING',
        kind: 'damaged',
        exit_code: 4,
        what: 'A file is missing',
        why: null,
        next: 'Restore it',
        place: {},
      },
    });
    const text = fleetToHtml(summaryOf([node(1), node(2), failed]), 'now', ['left out: a copy']);
    expect(text).to.include('rpc-[0001-0002]');
    expect(text.match(/<details>/g)).to.have.length(2);
    expect(text).to.include('ERR_FILE_MISSING').and.to.include('left out: a copy');
  });

  it('takes less than 2 MB for a thousand nodes', () => {
    const text = fleetToHtml(summaryOf(Array.from({ length: 1000 }, (_, i) => node(i))), 'now', []);
    expect(text.length).to.be.lessThan(2_000_000);
  });
});
