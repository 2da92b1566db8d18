import { expect } from 'chai';
import type { Outcome } from '../../lib/apply/outcome.ts';
import { outcomeToText } from '../../lib/report/outcome-text.ts';
import { verifyToText } from '../../lib/report/verify-text.ts';
import { expectGolden } from './golden.ts';

const FACTS = { roots: ['/data/a', '/data/b'], durationMs: 420 };

/** An outcome of nothing, with these parts. */
function outcome(parts: Partial<Outcome>): Outcome {
  const nothing = {
    planId: 'x',
    tables: [],
    steps: 0,
    done: 0,
    alreadyDone: 0,
    bytesRemoved: 0,
    notices: [],
  };
  return { ...nothing, ...parts } as unknown as Outcome;
}

describe('report/outcome-text', () => {
  it('tells what was done to each table', () => {
    const done = outcome({
      tables: [
        { table: 'blobs', outcome: 'cut', recordsKept: 171, recordsRemoved: 113 },
        {
          table: 'high',
          outcome: 'cut',
          recordsKept: 4,
          recordsRemoved: 2,
          heights: { schema: 's', target: '7', lastKept: '7', firstRemoved: '8', alsoRemoved: null },
        },
        {
          table: 'mixed',
          outcome: 'cut',
          recordsKept: 9,
          recordsRemoved: 2,
          heights: { schema: 's', target: '7', lastKept: '6', firstRemoved: '8', alsoRemoved: null },
          keptAbove: { records: 4, groups: 2, lowest: '9', highest: '12' },
        },
        { table: 'gone', outcome: 'delete', recordsKept: 0, recordsRemoved: 1234 },
        { table: 'tidy', outcome: 'repair', recordsKept: 7, recordsRemoved: 0 },
        { table: 'tail', outcome: 'repair', recordsKept: 7, recordsRemoved: 2 },
        { table: 'other', outcome: 'keep', recordsKept: 7, recordsRemoved: 0 },
        { table: 'same', outcome: 'nothing', recordsKept: 7, recordsRemoved: 0 },
      ],
      steps: 14,
      done: 12,
      alreadyDone: 2,
      bytesRemoved: 42_189,
      undoable: true,
      notices: ['Copies pushed elsewhere must drop segments 5 and 6 too.'],
    });
    expectGolden('outcome', outcomeToText(done, FACTS));
  });

  it('says when it cannot be undone', () => {
    const text = outcomeToText(outcome({ steps: 1, done: 1, undoable: false }), FACTS);
    expect(text)
      .to.match(/\n {2}undo +not possible: nothing was kept/)
      .and.not.to.contain('purge');
  });

  it('says when there was nothing to do', () => {
    const said = outcomeToText(outcome({}), { ...FACTS, durationMs: 75_400 });
    expect(said)
      .to.match(/^Done: there was nothing to do\.\n/)
      .and.to.contain('took 1 min 15 s');
  });
});

describe('report/verify-text', () => {
  const sound = {
    table: 'blobs',
    segments: 7,
    records: 1234,
    keyBytes: 5000,
    valueBytes: 100_000,
    findings: [],
  };
  const finding = (i: number) => ({
    table: 'bad',
    segment: 4,
    path: '/data/a/bad/segments/4.keys',
    offset: i === 0 ? null : i * 1000,
    problem: `Record ${i} points past the end of its value file`,
  });
  const bad = { ...sound, table: 'bad', findings: [0, 1, 2].map(finding) };

  it('tells that all is well', () => {
    expectGolden('verify-ok', verifyToText({ tables: [sound], ok: true }));
    expect(verifyToText({ tables: [sound], ok: true }, { quiet: true })).to.equal('');
  });

  it('names file and offset of each problem, and counts what it leaves out', () => {
    expectGolden('verify-bad', verifyToText({ tables: [sound, bad], ok: false }, { limit: 2 }));
    expect(verifyToText({ tables: [sound, bad], ok: false }, { quiet: true })).not.to.contain('blobs');
  });
});
