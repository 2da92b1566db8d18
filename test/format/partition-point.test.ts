import { expect } from 'chai';
import { partitionPoint } from '../../lib/format/partition-point.ts';

describe('format/partition-point', () => {
  it('is the number of things before a place, for every place in every short list', () => {
    for (let n = 0; n < 40; n++) {
      for (let before = 0; before <= n; before++) {
        expect(
          partitionPoint(n, (i) => i < before),
          `${before} of ${n}`,
        ).to.equal(before);
      }
    }
  });

  it('asks about things of the list only, and about few of them', () => {
    const asked: number[] = [];
    const isBefore = (i: number): boolean => {
      asked.push(i);
      return i < 700_000;
    };
    expect(partitionPoint(1_000_000, isBefore)).to.equal(700_000);
    expect(asked.length).to.be.at.most(20);
    expect(asked.every((i) => i >= 0 && i < 1_000_000)).to.equal(true);
  });

  it('counts further than the bits of a shift reach', () => {
    expect(partitionPoint(2 ** 33, (i) => i < 2 ** 32 + 5)).to.equal(2 ** 32 + 5);
  });
});
