/** Fleet files without mistakes: what is read from them. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readFleet } from '../../lib/fleet/fleet-file.ts';
import { fleetDir, fleetOf, refusalOf, withoutRights, writeFleet } from './fleet-dir.ts';

const FLEET = `# A comment
version: 1
options: { max-remove: 25%, snapshot-dir: none, table: [blocks] }
target: { height: "18446744073709551615" }
nodes:
  - { name: val-0, home: data/val-0/.sei, labels: { role: validator } }
  - { name: rpc-7, src: [disk1/rpc-7, disk2/rpc-7], options: { snapshot-dir: snapshots, max-remove: 10 } }
  - { name: "rpc-{1}", home: "data/rpc-*/.sei", expect: 3, labels: { role: rpc } }
`;

const one = (more: string, node = 'name: a, home: data/val-0/.sei'): string =>
  `version: 1\n${more}\nnodes:\n  - { ${node} }\n`;

describe('readFleet', () => {
  const dir = fleetDir();
  const at = (...parts: string[]): string => join(dir, ...parts);

  it('reads nodes in the order of the file, those of a pattern by their numbers', () => {
    const fleet = fleetOf(dir, FLEET);
    expect(fleet.nodes.map((n) => n.name)).to.deep.equal(['val-0', 'rpc-7', 'rpc-1', 'rpc-2', 'rpc-10']);
    expect(fleet.nodes[0]).to.deep.equal({
      name: 'val-0',
      home: at('data/val-0/.sei'),
      src: [],
      labels: { role: 'validator' },
      options: { 'max-remove': '25%', 'snapshot-dir': 'none', table: ['blocks'] },
    });
    expect(fleet.nodes[1]).to.deep.include({ home: null, src: [at('disk1/rpc-7'), at('disk2/rpc-7')] });
    expect(fleet.target).to.deep.equal({ height: '18446744073709551615' });
    expect(fleet.path).to.equal(at('fleet.yaml'));
    expect(fleet.digest).to.equal(createHash('sha256').update(FLEET).digest('hex'));
  });

  it('lets the options of a node win one by one', () => {
    expect(fleetOf(dir, FLEET).nodes[1]?.options).to.deep.equal({
      'max-remove': '10',
      'snapshot-dir': at('snapshots'),
      table: ['blocks'],
    });
    const text = one(
      'options: { accept-damage: true, check: pivot }',
      'name: a, home: x, options: { accept-damage: false }',
    );
    expect(fleetOf(dir, text).nodes[0]?.options).to.deep.equal({ 'accept-damage': false, check: 'pivot' });
  });

  it('says what a pattern leaves out, and why', () => {
    expect(fleetOf(dir, FLEET).notices).to.deep.equal([
      `rpc-{1}: data/rpc-*/.sei leaves out ${at('data/rpc-1.before')} (its name looks like that of a copy), ` +
        `${at('data/rpc-3')} (it is a link), ${at('data/rpc-4/.sei')} (it does not exist)`,
    ]);
  });

  it('takes what is listed by itself, though it is a link or looks like a copy', () => {
    const nodes = fleetOf(
      dir,
      one('', 'name: copy, home: data/rpc-1.before/.sei }\n  - { name: link, home: data/rpc-3/.sei'),
    ).nodes;
    expect(nodes.map((n) => n.home)).to.deep.equal([at('data/rpc-1.before/.sei'), at('data/rpc-2/.sei')]);
  });

  it('leaves out nodes by their names', () => {
    const excluding = (names: string, expect: number): string =>
      one('', `name: "rpc-{1}", home: data/rpc-*/.sei, expect: ${expect}, exclude: [${names}]`);
    expect(fleetOf(dir, excluding('rpc-1*', 1)).nodes.map((n) => n.name)).to.deep.equal(['rpc-2']);
    expect(fleetOf(dir, excluding('rpc-9', 3)).notices[1]).to.contain('`exclude` names rpc-9, and nothing');
  });

  it('fills the places of stars in names, labels and snapshot directories', () => {
    const node =
      'name: "n{2}.{1}", home: "*/rpc-*/.sei", expect: 3, labels: { at: "{1}/{2}" }, ' +
      'options: { snapshot-dir: "snapshots/{2}" }';
    const filled = (n: number) => ({
      name: `n${n}.data`,
      labels: { at: `data/${n}` },
      options: { 'snapshot-dir': at(`snapshots/${n}`) },
    });
    const { nodes } = fleetOf(dir, one('', node));
    expect(nodes.map(({ name, labels, options }) => ({ name, labels, options }))).to.deep.equal([
      filled(1),
      filled(2),
      filled(10),
    ]);
  });

  it('keeps the path of a directory that does not exist: planning its node says so', () => {
    expect(fleetOf(dir, one('', 'name: a, home: data/../lost/.sei')).nodes[0]?.home).to.equal(
      at('lost/.sei'),
    );
    expect(fleetOf(dir, one('', 'name: a, src: [/lost/a, lost/b]')).nodes[0]?.src).to.deep.equal([
      '/lost/a',
      at('lost/b'),
    ]);
  });

  it('takes names with characters that other patterns use', () => {
    mkdirSync(at('data/[x]'));
    expect(fleetOf(dir, one('', 'name: a, home: "data/[x]"')).nodes[0]?.home).to.equal(at('data/[x]'));
  });

  it('leaves what it may not look at to the planning of that node', () => {
    mkdirSync(at('closed/.litt-rollback'), { recursive: true });
    const path = writeFleet(dir, one('', 'name: a, home: "closed/[x]" }\n  - { name: b, src: [closed]'));
    chmodSync(dir, 0o755);
    chmodSync(at('closed'), 0);
    expect(refusalOf(() => withoutRights(() => readFleet(path))).details).to.deep.equal([
      `line 5, column 5: the home ${at('closed/[x]')} of node a lies inside the root ${at('closed')} of node b`,
    ]);
    chmodSync(at('closed'), 0o755);
  });

  it('settles every kind of target', () => {
    const target = (text: string) => fleetOf(dir, one(`target: { ${text} }`)).target;
    expect(target('height: 1027')).to.deep.equal({ height: '1027' });
    expect(target('height: "1,027"')).to.deep.equal({ height: '1027' });
    expect(target('height: 9007199254740991')).to.deep.equal({ height: '9007199254740991' });
    expect(target('key: "0x0a0B"')).to.deep.equal({ key: '0x0a0B' });
    expect(target('key: a0b0')).to.deep.equal({ key: 'a0b0' });
    expect(target('keys-file: keys.json')).to.deep.equal({ 'keys-file': at('keys.json') });
    expect(target('filter: ./filter.mjs')).to.deep.equal({ filter: at('filter.mjs') });
    expect(target('before: 2026-11-25T18:00:00Z')).to.deep.equal({ before: '2026-11-25T18:00:00Z' });
    expect(fleetOf(dir, one('')).target).to.equal(null);
  });

  it('settles schemas: known ones by name, modules by their paths', () => {
    const text = one('options: { schema: [txs=receipts, a=./a.mjs, b=/lib/b.js] }');
    expect(fleetOf(dir, text).nodes[0]?.options.schema).to.deep.equal([
      'txs=receipts',
      `a=${at('a.mjs')}`,
      'b=/lib/b.js',
    ]);
  });

  it('reads JSON, also with tabs, a byte order mark, and ends of lines of Windows', () => {
    const json = JSON.stringify(
      { $schema: 'x', version: 1, nodes: [{ name: 'a', home: 'data/val-0/.sei' }] },
      null,
      '\t',
    );
    const expected = fleetOf(dir, one('')).nodes;
    for (const text of [
      json,
      `\ufeff${json}`,
      json.replaceAll('\n', '\r\n'),
      one('').replaceAll('\n', '\r\n'),
    ])
      expect(fleetOf(dir, text).nodes).to.deep.equal(expected);
  });

  it('starts relative paths at the fleet file, wherever the process is, and follows a link to it', () => {
    writeFleet(dir, FLEET, 'mounted/..data/fleet.yaml');
    symlinkSync('mounted/..data/fleet.yaml', at('link.yaml'));
    expect(readFleet(at('link.yaml'))).to.deep.include({ path: at('link.yaml') });
    expect(readFleet(at('link.yaml')).nodes[0]?.home).to.equal(at('data/val-0/.sei'));
    symlinkSync('data', at('other'));
    const path = writeFleet(at('data'), one('', 'name: a, home: ../data/val-0/.sei'));
    expect(readFleet(path.replace('/data/', '/other/')).nodes[0]?.home).to.equal(at('data/val-0/.sei'));
  });

  it('is not misled by names that JavaScript gives a meaning', () => {
    const text = one('', 'name: constructor, home: x, labels: { constructor: y, toString: z }');
    expect(fleetOf(dir, text).nodes[0]?.labels).to.deep.equal({ constructor: 'y', toString: 'z' });
  });

  it('does not change what it reads', () => {
    const path = writeFleet(dir, FLEET);
    readFleet(path);
    expect(readFileSync(path, 'utf8')).to.equal(FLEET);
  });

  it('counts mistakes beyond a hundred', () => {
    const nodes = Array.from({ length: 250 }, () => '  - 7').join('\n');
    const { what, details } = refusalOf(() => fleetOf(dir, `version: 1\nnodes:\n${nodes}\n`));
    expect(what).to.equal('The fleet file has 250 mistakes');
    expect(details).to.have.length(101);
    expect(details.at(-1)).to.equal('and 150 more');
  });
});
