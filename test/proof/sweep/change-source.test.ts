import { expect } from 'chai';
import { withSources } from '../parse-sources.ts';
import { inSmallProject } from '../small-project.ts';
import { type Change, changedText } from './change-source.ts';

const TEXT = `function f(a, b) {
  one(a, b);
  for (const c of b) two(c);
  if (a === null) throw lost(a);
}
class G { #g(a) { this.fs.three(a, one(1)); } }
`;

/** The lines of the text that changes have changed. */
const changed = (...changes: Change[]): string[] => {
  const text = inSmallProject('a.ts', TEXT, (dir) =>
    withSources(dir, /^a\.ts$/, ([source]) => changedText(source!, changes)),
  );
  const before = TEXT.split('\n');
  return text.split('\n').filter((line, i) => line !== before[i]);
};

describe('sweep/change-source', () => {
  it('leaves calls out, and goes on naming what they name', () => {
    expect(changed({ leaveOut: 'one', within: 'f' })).to.deep.equal(['  void [one, a, b];']);
    expect(changed({ leaveOut: 'three', within: '#g' })).to.deep.equal([
      'class G { #g(a) { void [this.fs.three, a, one(1)]; } }',
    ]);
  });

  it('replaces calls, by their parts', () => {
    const by = ({ whole, receiver, args }: { whole: string; receiver: string; args: readonly string[] }) =>
      `${receiver}.four(${args[1]}, ${whole})`;
    expect(changed({ replace: 'three', within: '#g', by })).to.deep.equal([
      'class G { #g(a) { this.fs.four(one(1), this.fs.three(a, one(1))); } }',
    ]);
  });

  it('lets statements change places, whatever is around the calls', () => {
    expect(changed({ swap: ['one', 'two'], within: 'f' })).to.deep.equal([
      '  for (const c of b) two(c);',
      '  one(a, b);',
    ]);
  });

  it('makes a condition hold', () => {
    expect(changed({ alwaysLeadTo: 'lost', within: 'f' })).to.deep.equal(['  if (true) throw lost(a);']);
  });

  it('appends, and makes several changes at once', () => {
    const append = { append: 'done();' };
    expect(changed({ leaveOut: 'two', within: 'f' }, append)).to.deep.equal([
      '  for (const c of b) void [two, c];',
      'done();',
    ]);
  });

  it('fails where there is no such place', () => {
    expect(() => changed({ leaveOut: 'one', within: 'h' })).to.throw('a.ts has 0 functions h');
    expect(() => changed({ leaveOut: 'three', within: 'f' })).to.throw('f does not call three');
    expect(() => changed({ swap: ['one', 'one'], within: 'f' })).to.throw('nothing to swap');
  });
});
