import { expect } from 'chai';
import fc from 'fast-check';
import { formatRfc3339, parseRfc3339 } from '../../lib/format/rfc3339.ts';

describe('format/rfc3339', () => {
  it('reads times with offsets and fractions', () => {
    const second = 1_000_000_000n;
    for (const [text, time] of [
      ['1970-01-01T00:00:00Z', 0n],
      ['2025-06-15T15:06:40Z', 1_750_000_000n * second],
      ['2025-06-15t17:06:40.000000001+02:00', 1_750_000_000n * second + 1n],
      ['2025-06-15 10:36:40.5-04:30', 1_750_000_000n * second + second / 2n],
      ['2024-02-29T23:59:59.123456789z', 1_709_251_199n * second + 123_456_789n],
    ] as const)
      expect(parseRfc3339(text), text).to.equal(time);
  });

  it('takes nothing else', () => {
    for (const text of [
      '',
      'yesterday',
      '2025-06-15',
      '2025-06-15T15:06:40',
      '2025-13-15T15:06:40Z',
      '2025-02-29T15:06:40Z',
      '2025-06-31T15:06:40Z',
      '2025-06-15T24:06:40Z',
      '2025-06-15T15:60:40Z',
      '2025-06-15T15:06:60Z',
      '2025-06-15T15:06:40.Z',
      '2025-06-15T15:06:40.1234567890Z',
      '2025-06-15T15:06:40+24:00',
      '2025-06-15T15:06:40+0200',
      '1969-12-31T23:59:59Z',
      '1970-01-01T00:00:00+00:01',
      ' 2025-06-15T15:06:40Z',
      '0070-01-01T00:00:00Z',
    ])
      expect(parseRfc3339(text), text).to.equal(null);
  });

  it('reads back what it writes, for every time up to the year 9999', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 253_402_300_799_999_999_999n }), (time) => {
        expect(parseRfc3339(formatRfc3339(time))).to.equal(time);
      }),
    );
  });

  it('writes absurd times as numbers', () => {
    expect(formatRfc3339(2n ** 64n - 1n)).to.equal('2554-07-21T23:34:33.709551615Z');
    expect(formatRfc3339(253_402_300_800_000_000_000n)).to.equal('253402300800000000000 ns');
  });
});
