/** Patterns with `*`, held against regular expressions. */
import { expect } from 'chai';
import fc from 'fast-check';
import { matchStars } from '../../lib/fleet/star-match.ts';
import { runs } from '../helpers/arbitraries.ts';

/** What each `*` stands for, by backtracking. */
function byRegExp(pattern: string, text: string): string[] | null {
  const source = pattern
    .split('*')
    .map((piece) => piece.replace(/[.]/g, '\\.'))
    .join('(.*?)');
  return new RegExp(`^${source}$`).exec(text)?.slice(1) ?? null;
}

describe('matchStars', () => {
  it('gives what each star stands for', () => {
    expect(matchStars('rpc-*', 'rpc-12')).to.deep.equal(['12']);
    expect(matchStars('*-*', 'a-b-c')).to.deep.equal(['a', 'b-c']);
    expect(matchStars('rpc', 'rpc')).to.deep.equal([]);
    expect(matchStars('rpc-*', 'rpc-')).to.deep.equal(['']);
    expect(matchStars('rp*pc', 'rpc')).to.equal(null);
    expect(matchStars('rpc', 'rpc-1')).to.equal(null);
  });

  it('agrees with a search that tries everything', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, word, (stars, text) => {
        expect(matchStars(stars, text)).to.deep.equal(byRegExp(stars, text));
      }),
      runs(500),
    );
  });

  it('takes no longer for more stars', () => {
    const text = 'a'.repeat(100_000);
    expect(matchStars(`${'*a'.repeat(100)}*b`, text)).to.equal(null);
  });
});
