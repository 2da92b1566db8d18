/** Which name was probably meant. */
import { expect } from 'chai';
import fc from 'fast-check';
import { didYouMean, nearestName } from '../../lib/nearest.ts';

const NAMES = ['--src', '--table', '--height', '--drop-last', '--on-no-match'];

describe('nearest', () => {
  it('finds a name behind a slip of the fingers, another case, other hyphens', () => {
    for (const [given, meant] of [
      ['--scr', '--src'],
      ['--SRC', '--src'],
      ['--tabel', '--table'],
      ['--hieght', '--height'],
      ['--droplast', '--drop-last'],
      ['--drop_last', '--drop-last'],
      ['--onNoMatch', '--on-no-match'],
    ] as const)
      expect(nearestName(given, NAMES), given).to.equal(meant);
    expect(nearestName('block', ['receipts', 'blocks'])).to.equal('blocks');
    expect(didYouMean('block', ['blocks'])).to.equal('Did you mean blocks? ');
  });

  it('finds none where none is near', () => {
    for (const given of ['--x', '--filter', '', '-', 'a'.repeat(5000)])
      expect(nearestName(given, NAMES), given).to.equal(null);
    expect(nearestName('ab', ['cd'])).to.equal(null);
    expect(didYouMean('ab', [])).to.equal('');
  });

  it('finds a name again that lost a letter', () => {
    const name = fc.stringMatching(/^[a-z]{5,12}$/);
    fc.assert(
      fc.property(name, fc.nat(), (text, at) => {
        const i = at % text.length;
        expect(nearestName(text.slice(0, i) + text.slice(i + 1), [text])).to.equal(text);
      }),
    );
  });
});
