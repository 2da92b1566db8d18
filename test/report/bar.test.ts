import { expect } from 'chai';
import fc from 'fast-check';
import { allocate, segmentBar } from '../../lib/report/bar.ts';
import { paint } from '../../lib/report/paint.ts';
import type { SegmentFate } from '../../lib/types.ts';
import { fate } from './sample-plans.ts';

const plain = paint(false);

describe('report/bar', () => {
  it('shows what stays, where it is cut, and what goes, in proportion', () => {
    const fates = [fate(0, 'kept', 500, 0), fate(1, 'cut', 100, 100), fate(2, 'removed', 0, 300)];
    const { bar, legend } = segmentBar(fates, 20, plain);
    expect(bar).to.match(/^█+▒░+$/);
    expect(bar).to.have.length(20);
    expect([...bar].filter((c) => c === '█').length).to.equal(11);
    expect(legend).to.equal('█ kept   ▒ cut   ░ removed');
  });

  it('names only what occurs', () => {
    expect(segmentBar([fate(0, 'kept', 10, 0)], 10, plain)).to.deep.equal({
      bar: '█'.repeat(10),
      legend: '█ kept',
    });
  });

  it('shows segments without a byte, and a cut that keeps nothing', () => {
    expect(segmentBar([fate(0, 'kept', 0, 0), fate(1, 'removed', 0, 0)], 10, plain).bar).to.match(/^█+░+$/);
    expect(segmentBar([fate(0, 'cut', 0, 10)], 10, plain).bar).to.match(/^▒░+$/);
    expect(segmentBar([fate(0, 'cut', 0, 0)], 10, plain).bar).to.equal('▒');
  });

  it('shows an orphan at the oldest end in its place', () => {
    expect(segmentBar([fate(0, 'orphan', 0, 5), fate(1, 'kept', 5, 0)], 10, plain).bar).to.match(/^·+█+$/);
  });

  it('colours the parts', () => {
    expect(segmentBar([fate(0, 'kept', 1, 0)], 1, paint(true)).bar).to.equal('\u001b[32m█\u001b[39m');
  });

  it('shares cells out completely, at least one each', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 12, max: 60 }), (w, cells) => {
        const sizes = allocate(w, cells);
        expect(sizes.every((s) => s >= 1)).to.equal(true);
        if (w.some((x) => x > 0)) expect(sizes.reduce((a, b) => a + b, 0)).to.equal(cells);
      }),
    );
  });

  it('never grows beyond its cells by more than the number of parts', () => {
    const fates = fc.array(
      fc.record({
        segment: fc.nat(),
        fate: fc.constantFrom<SegmentFate['fate']>('kept', 'cut', 'removed', 'orphan'),
        keptBytes: fc.nat(),
        removedBytes: fc.nat(),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(fc.property(fates, (f) => segmentBar(f, 80, plain).bar.length <= 80));
  });
});
