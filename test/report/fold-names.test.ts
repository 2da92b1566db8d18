import { expect } from 'chai';
import fc from 'fast-check';
import { foldNames } from '../../lib/report/fold-names.ts';

describe('report: folded names', () => {
  for (const [names, folded] of [
    [['rpc-001', 'rpc-002', 'rpc-003', 'rpc-008'], ['rpc-[001-003,008]']],
    [['val-0'], ['val-0']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [['n-09', 'n-10', 'n-11'], ['n-[09-11]']],
    [['n9', 'n10'], ['n[9-10]']],
    [
      ['b9c', 'b10c', 'b9d'],
      ['b[9-10]c', 'b9d'],
    ],
    [
      ['x1', 'x01'],
      ['x1', 'x01'],
    ],
    [
      ['r1.2', 'r1.3', 'r2.2'],
      ['r1.[2-3]', 'r2.2'],
    ],
  ] as const) {
    it(`${names.join(' ')} becomes ${folded.join(' ')}`, () => {
      expect(foldNames(names)).to.deep.equal(folded);
    });
  }

  it('names every node, and no other one', () => {
    const name = fc.stringMatching(/^[ab-]{0,2}[0-9]{0,3}[ab.]{0,2}$/).filter((n) => n !== '');
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        expect(foldNames(names).flatMap(unfold).sort()).to.deep.equal([...names].sort());
      }),
    );
  });
});

/** What a folded name stands for, the way a shell's user reads it. */
function unfold(folded: string): string[] {
  const [, before = '', list, after = ''] = /^(.*)\[(.*)\](.*)$/.exec(folded) ?? [];
  if (list === undefined) return [folded];
  return list.split(',').flatMap((range) => {
    const [from = '', to = from] = range.split('-');
    const count = Number(to) - Number(from) + 1;
    return Array.from({ length: count }, (_, i) => {
      const digits = String(Number(from) + i);
      return `${before}${from.startsWith('0') ? digits.padStart(from.length, '0') : digits}${after}`;
    });
  });
}
