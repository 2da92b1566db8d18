import { expect } from 'chai';
import { bytesBar } from '../../lib/report/bytes-bar.ts';
import type { SegmentReport, TableReport } from '../../lib/report/inspect-report.ts';
import { paint } from '../../lib/report/paint.ts';

type Sizes = readonly (readonly [bytes: number, sealed?: boolean])[];

function table(sizes: Sizes, more: Partial<TableReport> = {}): TableReport {
  const segments = sizes.map(([bytes, sealed = true], segment): SegmentReport => {
    const half = Math.floor(bytes / 2);
    const layout = { version: 4, shards: 1, compression: 0, records: null, sealedAt: null };
    return { segment, sealed, keyBytes: half, valueBytes: bytes - half, ...layout };
  });
  return { table: 't', segments, orphans: [], watermark: null, ...more } as unknown as TableReport;
}

const bar = (of: TableReport, cells = 12) => bytesBar(of, cells, paint(false));

describe('report/bytes-bar', () => {
  it('gives each segment its share, oldest left, neighbours in different shades', () => {
    expect(bar(table([[600], [300], [300]]))!.bar).to.equal('██████▓▓▓███');
    expect(bar(table([[1_000_000], [1], [1]]))!.bar).to.equal('██████████▓█');
  });

  it('leaves out segments without a byte, and tables without one', () => {
    expect(bar(table([[600], [0], [600]]))!.bar).to.equal('██████▓▓▓▓▓▓');
    expect(bar(table([[0]]))).to.equal(null);
    expect(bar(table([]))).to.equal(null);
  });

  it('shows what is not sealed, no longer served, or incomplete', () => {
    const orphan = { segment: 3, end: 'highest' as const, files: [], bytes: 300, missing: [] };
    const shown = bar(table([[300], [300], [300, false]], { watermark: 1, orphans: [orphan] }))!;
    expect(shown.bar).to.equal('░░░▓▓▓▒▒▒···');
    const legend = ['▓ one segment', '▒ not sealed', '░ below the watermark', '· incomplete'];
    expect(shown.legend).to.deep.equal(legend);
    expect(shown.legendWidth).to.equal(legend.join('   ').length);
    expect(bar(table([[300]]))!.legend).to.deep.equal(['█ one segment']);
    expect(bar(table([[300], [300]]))!.legend).to.deep.equal(['█ ▓ one segment each']);
  });

  it('lets neighbours share a shade where there are more than fit', () => {
    const shown = bar(table(Array.from({ length: 18 }, () => [100] as const)))!;
    expect(shown.bar).to.equal('██▓▓██▓▓██▓▓');
    expect(shown.legend).to.deep.equal(['█ ▓ 3 segments each']);
    const many = bar(table(Array.from({ length: 5000 }, (_, i) => [i, i !== 7] as const)), 48)!;
    expect(many.bar.length).to.be.within(40, 56);
  });
});
