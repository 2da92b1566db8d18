/** What roots remember of the set that they belong to. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { realFs } from '../../lib/store/durable-fs.ts';
import { readRootSet, writeRootSet } from '../../lib/store/root-set.ts';
import { tempDir } from '../helpers/temp.ts';

describe('the memory of roots', () => {
  let roots: string[];
  beforeEach(() => {
    const dir = tempDir();
    roots = ['a', 'b', 'c'].map((name) => join(dir, name));
    for (const root of roots) mkdirSync(root);
  });
  const of = (count: number) => readRootSet(realFs, roots.slice(0, count));

  it('tells a whole set from a part of one', () => {
    expect(of(3)).to.deep.equal({ state: 'none' });
    writeRootSet(realFs, roots, 'one');
    expect(of(3)).to.deep.equal({ state: 'complete', id: 'one' });
    expect(of(2)).to.deep.equal({ state: 'incomplete', given: 2, expected: 3 });
  });

  it('is none where the roots disagree, unless one of them belongs to more roots than are given', () => {
    writeRootSet(realFs, roots, 'old');
    writeRootSet(realFs, roots.slice(0, 1), 'new');
    expect(of(3)).to.deep.equal({ state: 'none' });
    expect(of(2)).to.deep.equal({ state: 'incomplete', given: 1, expected: 3 });
  });

  it('counts nothing that is not of its making', () => {
    writeRootSet(realFs, roots, 'one');
    const path = join(roots[0]!, '.litt-rollback', 'root-set.json');
    const whole = readFileSync(path, 'utf8');
    for (const text of [
      '',
      '7',
      'null',
      whole.slice(0, -3),
      whole.replace('3', '"3"'),
      whole.replace('root-set', 'x'),
    ]) {
      writeFileSync(path, text);
      expect(of(3), text).to.deep.equal({ state: 'incomplete', given: 2, expected: 3 });
    }
  });
});
