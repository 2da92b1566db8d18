/** Nodes that are one and the same, or lie in each other. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { doublesOf, refuseDoubles } from '../../lib/fleet/fleet-doubles.ts';
import type { FleetNode } from '../../lib/fleet/fleet-types.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { writeRootSet } from '../../lib/store/root-set.ts';
import { tempDir } from '../helpers/temp.ts';
import { refusalOf } from './fleet-dir.ts';

function dirs(...names: readonly string[]): string {
  const base = tempDir('doubles-');
  for (const name of names) mkdirSync(join(base, name), { recursive: true });
  return base;
}

const rooted = (name: string, src: readonly string[], options: FleetNode['options'] = {}): FleetNode => ({
  name,
  home: null,
  src,
  labels: {},
  options,
});
const housed = (name: string, home: string): FleetNode => ({ name, home, src: [], labels: {}, options: {} });

const texts = (base: string, nodes: readonly FleetNode[]): string[] =>
  doublesOf(nodes).map(({ text }) => text.replaceAll(`${base}/`, ''));

describe('doublesOf', () => {
  it('lets nodes side by side pass, and a home around its own roots', () => {
    const base = dirs('a/data/ledger/block', 'b/data/ledger/block', 'c1', 'c2', 'snap');
    const nodes = [
      housed('a', join(base, 'a')),
      housed('b', join(base, 'b')),
      rooted('c', [join(base, 'c1'), join(base, 'c2')], { 'snapshot-dir': join(base, 'snap') }),
      rooted('d', [join(base, 'c11')], { 'snapshot-dir': 'none' }),
      rooted('e', [join(base, 'lost')], { 'snapshot-dir': 'none' }),
    ];
    expect(texts(base, nodes)).to.deep.equal([]);
    expect(() => refuseDoubles(nodes)).not.to.throw();
  });

  it('knows a directory by device and inode', () => {
    const base = dirs('a');
    symlinkSync('a', join(base, 'link'));
    const nodes = [rooted('a', [join(base, 'a')]), rooted('b', [`${base}/link/.`])];
    expect(texts(base, nodes)).to.deep.equal([
      'the root link/. of node b is the same directory as a, the root of node a',
    ]);
  });

  it('looks behind the links inside of homes', () => {
    const base = dirs('disk/ledger/block', 'a', 'b');
    for (const home of ['a', 'b']) symlinkSync('../disk', join(base, home, 'data'));
    const nodes = [housed('a', join(base, 'a')), housed('b', join(base, 'b'))];
    expect(texts(base, nodes)).to.deep.equal([
      'the root disk/ledger/block of node b is also the root of node a',
    ]);
  });

  it('finds a node inside of another, whichever comes first, also where neither exists', () => {
    const base = dirs('a/b/c');
    const inner = rooted('inner', [join(base, 'a/b/c')]);
    const outer = rooted('outer', [join(base, 'a')]);
    const text = 'the root a/b/c of node inner lies inside the root a of node outer';
    expect(texts(base, [inner, outer])).to.deep.equal([text]);
    expect(texts(base, [outer, inner])).to.deep.equal([text]);
    expect(doublesOf([outer, inner])[0]?.later).to.equal(1);
    const lost = [rooted('x', [join(base, 'lost')]), rooted('y', [join(base, 'lost/y')])];
    expect(texts(base, lost)).to.deep.equal([
      'the root lost/y of node y lies inside the root lost of node x',
    ]);
  });

  it('finds a copy by what its roots remember', () => {
    const base = dirs('a', 'b', 'c1', 'c2', 'd');
    writeRootSet(realFs, [join(base, 'a')], 'one');
    writeRootSet(realFs, [join(base, 'b')], 'one');
    writeRootSet(realFs, [join(base, 'c1'), join(base, 'c2')], 'two');
    mkdirSync(join(base, 'd/.litt-rollback'));
    writeFileSync(join(base, 'd/.litt-rollback/root-set.json'), '{"torn');
    const nodes = [
      rooted('a', [join(base, 'a')]),
      rooted('b', [join(base, 'b')]),
      rooted('c', [join(base, 'c1'), join(base, 'c2')]),
      rooted('d', [join(base, 'd')]),
    ];
    expect(texts(base, nodes)).to.deep.equal([
      'the root b of node b is a copy of the root a of node a, or a root of the same database: both remember one ' +
        'rollback. If it is a node of its own by now, remove b/.litt-rollback/root-set.json',
    ]);
    const apart = [rooted('c', [join(base, 'c1')]), rooted('e', [join(base, 'c2')])];
    expect(texts(base, apart)).to.have.length(1);
  });

  it('tells one reason for each pair', () => {
    const base = dirs('a', 'b');
    const src = [join(base, 'a'), join(base, 'b')];
    expect(doublesOf([rooted('x', src), rooted('y', src), rooted('z', src)])).to.have.length(2);
  });
});

describe('refuseDoubles', () => {
  it('tells every double, and names that stand twice', () => {
    const base = dirs('a', 'b', 'c');
    const error = refusalOf(() =>
      refuseDoubles([
        rooted('x', [join(base, 'a')]),
        rooted('x', [join(base, 'b')]),
        rooted('y', [join(base, 'b')]),
      ]),
    );
    expect(error.code).to.equal('ERR_FLEET');
    expect(error.details).to.have.length(2);
    expect(error.details[0]).to.equal('the name x stands twice');
  });
});
