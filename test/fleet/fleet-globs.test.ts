/** What a path with `*` finds, and what it leaves out. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { expandGlob, looksLikeCopy } from '../../lib/fleet/fleet-globs.ts';
import { tempDir } from '../helpers/temp.ts';

function tree(...dirs: readonly string[]): string {
  const base = tempDir('globs-');
  for (const dir of dirs) mkdirSync(join(base, dir), { recursive: true });
  return base;
}

/** What is found, and what is left out with its reason, without the base. */
function found(base: string, pattern: string): { matches: string[]; leftOut: Record<string, string> } {
  const { matches, leftOut, problems } = expandGlob(base, pattern);
  expect(problems).to.deep.equal([]);
  const short = (path: string): string => path.slice(base.length + 1);
  return {
    matches: matches.map((match) => short(match.path)),
    leftOut: Object.fromEntries(leftOut.map(({ path, reason }) => [short(path), reason])),
  };
}

describe('expandGlob', () => {
  it('finds directories, with numbers by their value', () => {
    const base = tree('n-10', 'n-9', 'n-1', 'm-1', '.n-2', 'n-02', 'n-2');
    expect(found(base, 'n-*').matches).to.deep.equal(['n-1', 'n-02', 'n-2', 'n-9', 'n-10']);
    expect(found(base, './/n-1*/').matches).to.deep.equal(['n-1', 'n-10']);
    expect(expandGlob('/', `${base}/m-*`).matches).to.deep.equal([
      { path: join(base, 'm-1'), captures: ['1'] },
    ]);
  });

  it('gives no meaning to any other character', () => {
    const base = tree('n[1]a', 'n1a', 'n?a', '(n)a', 'n{1}a');
    expect(found(base, 'n[1]*').matches).to.deep.equal(['n[1]a']);
    expect(found(base, 'n?*').matches).to.deep.equal(['n?a']);
    expect(found(base, 'n{1}*').matches).to.deep.equal(['n{1}a']);
  });

  it('looks into names behind a pattern, and lets a pattern begin with a dot', () => {
    const base = tree('a/x/home', 'a/y/home', 'b/x/home', 'b/z', '.s1', '.s2');
    expect(found(base, '*/*/home')).to.deep.equal({
      matches: ['a/x/home', 'a/y/home', 'b/x/home'],
      leftOut: { 'b/z/home': 'it does not exist' },
    });
    expect(found(base, '.s*').matches).to.deep.equal(['.s1', '.s2']);
    expect(expandGlob(base, '*/*/home').matches[1]?.captures).to.deep.equal(['a', 'y']);
  });

  it('leaves out links, files and copies, at each place behind the first star', () => {
    const base = tree('n1/home', 'n2/home', 'n3', 'n4.bak/home', 'n5');
    symlinkSync('n1', join(base, 'n6'));
    symlinkSync('../n1/home', join(base, 'n3/home'));
    writeFileSync(join(base, 'n7'), '');
    writeFileSync(join(base, 'n5/home'), '');
    expect(found(base, 'n*/home')).to.deep.equal({
      matches: ['n1/home', 'n2/home'],
      leftOut: {
        'n3/home': 'it is a link',
        'n4.bak': 'its name looks like that of a copy',
        'n5/home': 'it is not a directory',
        n6: 'it is a link',
        n7: 'it is not a directory',
      },
    });
  });

  it('follows links in front of the first star, and takes a copy that is named there', () => {
    const base = tree('disk.old/n1', 'disk.old/n2');
    symlinkSync('disk.old', join(base, 'disk'));
    expect(found(base, 'disk/n*').matches).to.deep.equal(['disk.old/n1', 'disk.old/n2']);
  });

  it('tells of a directory that is not there', () => {
    const base = tree();
    const { matches, problems } = expandGlob(base, 'lost/n*');
    expect(matches).to.deep.equal([]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain(`${base}/lost cannot be looked into: `);
  });

  it('takes names whose bytes are not UTF-8 for what they are', () => {
    const base = tree();
    mkdirSync(Buffer.concat([Buffer.from(`${base}/n-`), Buffer.of(0xe9)]));
    expect(expandGlob(base, 'n-*').matches[0]?.captures).to.deep.equal(['\udce9']);
  });
});

describe('looksLikeCopy', () => {
  it('knows the names of copies, as words of a name', () => {
    const copies = [
      'rpc-1.before rpc-1.bak rpc-1-backup rpc_old old-rpc rpc1.orig rpc.copy rpc-snap rpc.tmp rpc-1~ #rpc~1',
      'rpc-1.bak2 rpc1bak 2bak rpcBackup RPC-OLD rpc.Before snapshot-3 rpc_copy_2 tmp',
    ].flatMap((names) => names.split(' '));
    expect(copies.filter((name) => !looksLikeCopy(name))).to.deep.equal([]);
  });

  it('does not find them inside of other words', () => {
    const nodes =
      'rpc-1 gold-1 cold cologne bakery-2 snapper tmpfs-1 copyright folder beforehand val-0 node'.split(' ');
    expect(nodes.filter((name) => looksLikeCopy(name))).to.deep.equal([]);
  });
});
