/** Times as people write them. */
import { expect } from 'chai';
import fc from 'fast-check';
import { parseGivenTime } from '../../lib/format/given-time.ts';
import { formatRfc3339, parseRfc3339 } from '../../lib/format/rfc3339.ts';

const NOW = parseRfc3339('2026-11-25T18:00:00Z')!;

const read = (text: string): string | null => {
  const time = parseGivenTime(text, NOW);
  return time === null ? null : formatRfc3339(time);
};

describe('format/given-time', () => {
  it('reads dates, with a time and a zone where they are given', () => {
    for (const [given, meant] of [
      ['2026-11-23', '2026-11-23T00:00:00Z'],
      ['2026-11-23 20:05', '2026-11-23T20:05:00Z'],
      ['2026-11-23 20:05:21', '2026-11-23T20:05:21Z'],
      ['2026-11-23 20:05:21 UTC', '2026-11-23T20:05:21Z'],
      ['2026-11-23T20:05:21', '2026-11-23T20:05:21Z'],
      ['2026-11-23 20:05:21.25 gmt', '2026-11-23T20:05:21.25Z'],
      ['2026-11-23 20:05:21 +01:30', '2026-11-23T18:35:21Z'],
      ['2026-11-23 20:05:21-0100', '2026-11-23T21:05:21Z'],
      [' 2026-11-23 ', '2026-11-23T00:00:00Z'],
    ] as const)
      expect(read(given), given).to.equal(meant);
  });

  it('reads how long ago something was', () => {
    for (const [given, meant] of [
      ['1h ago', '2026-11-25T17:00:00Z'],
      ['90 minutes ago', '2026-11-25T16:30:00Z'],
      ['90min', '2026-11-25T16:30:00Z'],
      ['30s', '2026-11-25T17:59:30Z'],
      ['2 Days ago', '2026-11-23T18:00:00Z'],
      ['1 week ago', '2026-11-18T18:00:00Z'],
    ] as const)
      expect(read(given), given).to.equal(meant);
  });

  it('reads nothing else', () => {
    for (const text of ['', 'now', 'ago', '1', '1 month ago', '1h before', '2026-11-31', '2026-11-23 25:00'])
      expect(read(text), text).to.equal(null);
    for (const text of ['1969-12-31', '99999 days ago', '1h ago ago', '2026-11-23 20:05 CET'])
      expect(read(text), text).to.equal(null);
  });

  it('reads every time of RFC 3339 as it is', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 253_402_300_799_999_999_999n), (time) => {
        expect(parseGivenTime(formatRfc3339(time), NOW)).to.equal(time);
      }),
    );
  });
});
