import { expect } from 'chai';
import { textFiles } from './files.ts';
import { idioms } from './prose-rules.ts';

/** Folders that still have idioms. The list only shrinks. */
const NOT_YET: readonly string[] = [];

describe('prose', () => {
  it('has no idioms that must be read twice', () => {
    const files = textFiles().filter(
      (f) => f.path !== 'LICENSE' && !NOT_YET.some((folder) => f.path.startsWith(folder)),
    );
    expect(idioms(files)).to.deep.equal([]);
  });

  it('is listed as not yet plain only where it is not', () => {
    const plain = NOT_YET.filter(
      (folder) => idioms(textFiles().filter((f) => f.path.startsWith(folder))).length === 0,
    );
    expect(plain).to.deep.equal([]);
  });
});

describe('the rules for prose', () => {
  // Put together here, since this file may not have them either.
  const say = (...parts: string[]): string[] => idioms([{ path: 'a.ts', text: parts.join('') }]);

  it('find idioms, in a line and over two', () => {
    for (const [first, second] of [
      ['No', 'body knows'],
      ['some', 'body else'],
      ['who', 'ever it was'],
      ['written a', 'new'],
      ['a file of', ' which it has two'],
      ['This is n', 'o plan'],
      ['they are n', 'one of ours'],
      ['/**\n * a file of\n * ', 'which it has two\n */'],
      ['// this is\n  // n', 'o plan'],
    ] as const) {
      expect(say(first, second), first + second).to.have.length(1);
    }
  });

  it('let good English pass', () => {
    const good = [
      'There is no plan. It is no longer there, and it is no older than that.',
      ['If there\n * is n', 'o plan, no file is read, and a new one is made.'].join(''),
      'the plan which it names; is not a plan; none of them is; any body of text',
    ];
    for (const text of good) expect(say(text), text).to.deep.equal([]);
  });
});
