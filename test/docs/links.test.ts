import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { textFiles } from '../structure/files.ts';
import { PROJECT } from '../structure/source.ts';
import { DOCUMENTS, documentText, optionsByCommand } from './documents.ts';
import { anchorOf, headings, localLinks, shownCommands, tableRows } from './markdown.ts';

describe('the documents: what they point to', () => {
  it('are all in the list of what is tested', () => {
    const there = readdirSync(join(PROJECT, 'docs')).map((name) => `docs/${name}`);
    expect([...DOCUMENTS.keys()]).to.include.members(there);
  });

  it('lead somewhere: each link names a file, and a heading in it', () => {
    const dead: string[] = [];
    let count = 0;
    for (const [from, text] of DOCUMENTS) {
      for (const { path, anchor } of localLinks(text)) {
        count += 1;
        const to = path === '' ? from : normalize(join(dirname(from), path));
        if (!existsSync(join(PROJECT, to))) dead.push(`${from}: ${path}`);
        else if (anchor !== '' && !headings(documentText(to)).map(anchorOf).includes(anchor)) {
          dead.push(`${from}: ${path}#${anchor}`);
        }
      }
    }
    expect(dead).to.deep.equal([]);
    expect(count).to.be.greaterThan(60);
  });

  it('come with the package', () => {
    const manifest = textFiles().find((f) => f.path === 'package.json')?.text ?? '{}';
    expect((JSON.parse(manifest) as { files: string[] }).files).to.include.members(['README.md', 'docs/']);
  });

  it('give options to no command that does not take them', () => {
    const options = optionsByCommand();
    for (const [path, text] of DOCUMENTS) {
      const wrong = shownCommands(text).filter(([name, ...words]) =>
        words.some((word) => word.startsWith('--') && options.get(name ?? '')?.has(word) !== true),
      );
      expect(wrong, path).to.deep.equal([]);
    }
    expect(shownCommands(documentText('docs/guide.md')).length).to.be.greaterThan(20);
  });
});

describe('docs/engine.md', () => {
  it('names a file of the engine for each behaviour, or says that it was tried', () => {
    const rows = tableRows(documentText('docs/engine.md')).filter(([first]) => !first?.startsWith('**'));
    expect(rows.length).to.be.greaterThan(40);
    const sourceless = rows.filter(([, from]) => !/`[\w/-]+\.go`|observed with the engine/.test(from ?? ''));
    expect(sourceless).to.deep.equal([]);
    expect(documentText('docs/engine.md')).to.contain('73f917b');
  });
});
