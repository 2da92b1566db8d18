/** The first stage: segments, newest first, and none after the walk has stopped. */
import { expect } from 'chai';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { describeStages } from './implementations.ts';

const { table } = oneTable([plainSegment(1), plainSegment(1), plainSegment(1), plainSegment(1)]);

describeStages('segment-source', ({ BatchGate, segmentSource }) => {
  it('hands on segments from the newest to the oldest', async () => {
    const indexes: number[] = [];
    for await (const segment of segmentSource(table.segments, new BatchGate())) indexes.push(segment.index);
    expect(indexes).to.deep.equal([3, 2, 1, 0]);
  });

  it('ends soon after the walk has stopped', async () => {
    const walk = new BatchGate();
    const indexes: number[] = [];
    for await (const segment of segmentSource(table.segments, walk)) {
      indexes.push(segment.index);
      walk.stop();
    }
    expect(indexes.length).to.be.lessThan(table.segments.length);
  });

  it('is empty for a table without segments', async () => {
    for await (const _segment of segmentSource([], new BatchGate())) expect.fail('there is none');
  });
});
