/** The exit code of a batch, and what earlier calls have said. */
import { expect } from 'chai';
import { earlierNodes, exitCodeOfBatch, type SummaryNode } from '../../lib/fleet/batch-summary.ts';
import type { PlannedVerdict } from '../../lib/fleet/verdicts.ts';

const node = (verdict: PlannedVerdict, changed = false): SummaryNode => ({
  node: 'n',
  verdict,
  changed,
  transaction: null,
  tables: [],
  notices: [],
  error: null,
  attempts: 1,
});

describe('fleet: the exit code of a batch', () => {
  const ending = { nodes: [node('done', true), node('nothing')], stoppedAtGate: false, isInterrupted: false };

  it('is 0 where every node is done or has nothing to do', () => {
    expect(exitCodeOfBatch(ending)).to.equal(0);
  });

  it('is 8 where one is neither', () => {
    for (const verdict of [
      'refused',
      'damaged',
      'locked',
      'unfinished',
      'system',
      'crashed',
      'not-started',
    ] as const)
      expect(exitCodeOfBatch({ ...ending, nodes: [...ending.nodes, node(verdict)] }), verdict).to.equal(8);
  });

  it('is 3 where the batch stopped at its gate', () => {
    expect(exitCodeOfBatch({ ...ending, nodes: [node('locked')], stoppedAtGate: true })).to.equal(3);
  });

  it('is that of an interruption only where nothing was changed', () => {
    const stopped = { ...ending, isInterrupted: true };
    expect(exitCodeOfBatch({ ...stopped, nodes: [node('not-started')] })).to.equal(130);
    expect(exitCodeOfBatch({ ...stopped, nodes: [node('done', true), node('not-started')] })).to.equal(8);
  });
});

describe('fleet: an earlier summary', () => {
  it('is read by node, and anything else is passed over', () => {
    const summary = { message_type: 'summary', nodes: [node('done', true)] };
    expect(earlierNodes(summary).get('n')).to.include({ verdict: 'done', attempts: 1 });
    for (const other of [null, 7, 'text', {}, { nodes: 7 }, { nodes: [{ node: 7 }] }])
      expect([...earlierNodes(other)]).to.deep.equal([]);
  });
});
