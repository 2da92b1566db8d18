/** The pivot with its whole group, also where the group's end came in an earlier batch. */
import { expect } from 'chai';
import fc from 'fast-check';
import { matcherFor } from '../../lib/planner/search/matchers.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { runs, segmentSpec, tailSpec } from '../helpers/arbitraries.ts';
import { readRecords } from '../helpers/bytes.ts';
import { type OneTable, oneTable, plainSegment, watchedFs } from '../helpers/probes.ts';
import { blockBytes } from '../helpers/scenario.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { describeWalks } from './released-batches.ts';

const GROUP = { shard: 0, size: 20, secondaries: 30, pad: 2 };

/** Where the group of a record ends in its key file, and where its last record starts. */
function groupOf(of: OneTable, number: number): { end: number; lastOffset: number } {
  const pivot = of.records[number]!;
  const keys = of.built.image.get('t')!.segments.get(pivot.segment)!.keys!;
  const behind = readRecords(keys).filter((r) => r.start >= pivot.offset);
  const last = pivot.kind === 0 ? behind[0]! : behind.find((r) => r.kind === 3)!;
  return { end: last.end, lastOffset: last.start };
}

describeWalks('pivot-detector', (walkTable) => {
  function walkTo(of: OneTable, number: number, block: number, fs = watchedFs()) {
    let asked = -1;
    const filter = (): boolean => {
      asked += 1;
      return asked === number;
    };
    const matcher = matcherFor({ kind: 'filter', filter }, 't');
    return walkTable({ segments: of.table.segments, matcher, fs, blockBytes: block });
  }

  async function expectWholeGroup(of: OneTable, number: number, block: number): Promise<void> {
    const { pivot } = await walkTo(of, number, block);
    const record = of.records[number]!;
    const group = groupOf(of, number);
    expect(pivot?.at.segment.index).to.equal(record.segment);
    expect(pivot?.offset).to.equal(record.offset);
    expect(pivot?.kind).to.equal(record.kind);
    expect(pivot?.key.toString('hex')).to.equal(record.key);
    expect([pivot?.groupEnd, pivot?.lastOffset]).to.deep.equal([group.end, group.lastOffset]);
  }

  it('keeps the whole group, whichever member matched and wherever the blocks end', async () => {
    const groups = [GROUP, { ...GROUP, secondaries: 0 }, { ...GROUP, secondaries: 1 }, GROUP];
    const of = oneTable([plainSegment(0, { groups }), plainSegment(0, { groups })]);
    for (let number = 0; number < of.records.length; number += 1) {
      for (const block of [30, 64, 200, 1000, 1 << 18]) await expectWholeGroup(of, number, block);
    }
  });

  it('does so in random segments and tails', async () => {
    const drawn = fc.record({
      segments: fc.array(segmentSpec(8), { minLength: 1, maxLength: 3 }),
      tail: fc.option(tailSpec),
      pick: fc.nat(10_000),
      block: blockBytes,
    });
    const property = fc.asyncProperty(drawn, async ({ segments, tail, pick, block }) => {
      const of = oneTable(segments, { tail });
      if (of.records.length > 0) await expectWholeGroup(of, pick % of.records.length, block);
      removeTempDir(of.built.dir);
    });
    await fc.assert(property, runs(150));
  });

  it('does so for a group of thousands of records whose primary matches', async () => {
    const of = oneTable([plainSegment(0, { groups: [{ ...GROUP, secondaries: 4000 }, GROUP] })]);
    await expectWholeGroup(of, of.records.length - 1, 300);
    await expectWholeGroup(of, of.records.length - 2, 300);
  });

  it('names the segments that were opened, newest first, and opens none behind the pivot', async () => {
    const of = oneTable([plainSegment(5), plainSegment(5), plainSegment(0), plainSegment(5)]);
    const fs = watchedFs();
    const { walked } = await walkTo(of, 7, 64, fs);
    expect(walked.map((at) => at.segment.index)).to.deep.equal([3, 2, 1]);
    expect(fs.opened).to.not.include('0.keys');
    expect(fs.stillOpen.size).to.equal(0);
  });

  it('has no pivot when nothing matches, and has opened everything', async () => {
    const of = oneTable([plainSegment(2), plainSegment(0)]);
    const { pivot, walked } = await walkTo(of, 99, 64);
    expect(pivot).to.equal(null);
    expect(walked.map((at) => at.segment.index)).to.deep.equal([1, 0]);
  });

  it('ends at once for a table without segments', async () => {
    const matcher = (): number => expect.fail('there is nothing to ask about');
    const result = await walkTable({ segments: [], matcher, fs: realFs });
    expect(result).to.deep.equal({ pivot: null, walked: [] });
  });
});
