/** docs/fleet.md: its example is read, and its lists are those of the program. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { looksLikeCopy } from '../../lib/fleet/fleet-globs.ts';
import { fleetSchema, NODES, scopeSchema, TARGETS } from '../../lib/fleet/fleet-schema.ts';
import { fleetOf } from '../fleet/fleet-dir.ts';
import { tempDir } from '../helpers/temp.ts';
import { readText } from '../structure/files.ts';
import { section, tableRows } from './markdown.ts';

const PAGE = readText('docs/fleet.md');
const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word);

describe('docs/fleet.md', () => {
  it('has an example that is read as it says', () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '';
    const dir = tempDir('fleet-doc-');
    for (let n = 1; n <= 40; n++) mkdirSync(join(dir, `data/rpc-${n}/.sei`), { recursive: true });
    const fleet = fleetOf(dir, example.replaceAll(/(?<=["[ ])\/(?=data|disk)/g, ''));
    expect(fleet.nodes).to.have.length(42);
    expect(fleet.nodes.at(-1)).to.deep.include({ name: 'rpc-40', labels: { role: 'rpc' } });
    expect(fleet.nodes[1]?.options).to.deep.equal({ 'max-remove': '25%', 'snapshot-dir': 'none' });
  });

  it('names every key, and no other', () => {
    const [top, node] = ['Each node', 'A relative path'].map((end, i, ends) => {
      const keys = section(PAGE, '## Keys');
      return tableRows(keys.slice(i === 0 ? 0 : keys.indexOf(ends[0]!), keys.indexOf(end))).map(
        ([cell = '']) => quoted(cell)[0],
      );
    });
    expect(top).to.have.members(Object.keys(fleetSchema.shape).filter((key) => key !== '$schema'));
    const keys = Object.values(NODES).flatMap((schema) => Object.keys(schema.shape));
    expect(node).to.have.members([...new Set(keys)]);
  });

  it('names every target and every option', () => {
    const sentence = (begin: string): string =>
      PAGE.slice(PAGE.indexOf(begin), PAGE.indexOf('command line', PAGE.indexOf(begin)));
    expect(quoted(sentence('`target` has'))).to.have.members(['target', ...Object.keys(TARGETS)]);
    expect(quoted(sentence('`options` has'))).to.have.members(['options', ...Object.keys(scopeSchema.shape)]);
  });

  it('names words of copies that are left out', () => {
    const list = /looks like that of a copy \(([^)]*)\)/.exec(PAGE)?.[1] ?? '';
    expect(quoted(list).filter((word) => !looksLikeCopy(`rpc-1.${word}`))).to.deep.equal([]);
    expect(quoted(list).length).to.be.greaterThan(8);
  });
});
