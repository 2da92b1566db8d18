import { expect } from 'chai';
import { section, tableRows } from '../docs/markdown.ts';
import { environmentProblems, mentionedVariables, ownVariables } from './environment-rules.ts';
import { readText, textFiles } from './files.ts';
import { parseSnippets, projectSources, sourcesIn } from './source.ts';

const CONTRIBUTING = readText('CONTRIBUTING.md');

const part = (heading: string): string => section(CONTRIBUTING, heading);
const quoted = (text: string): string[] => text.match(/(?<=`)[^`\n]+(?=`)/g) ?? [];

describe('CONTRIBUTING', () => {
  const paths = textFiles().map((f) => f.path);

  it('names only files and folders that there are', () => {
    const named = quoted(CONTRIBUTING).filter((text) => /^(\.?\w[\w-]*\/[\w./-]*|[\w-]+\.\w+)$/.test(text));
    const missing = named.filter((name) => !paths.some((path) => path === name || path.startsWith(name)));
    expect(missing).to.deep.equal([]);
    expect(named.length).to.be.greaterThan(40);
  });

  it('names every script of package.json, and no other', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const named = CONTRIBUTING.matchAll(/\bnpm (?:run )?([a-z:]+)/g);
    const installing = new Set(['ci']);
    expect(
      [...new Set([...named].map(([, name = '']) => name))].filter((n) => !installing.has(n)),
    ).to.have.members(Object.keys(scripts));
  });

  it('lists every file that tells one kind of step from another', () => {
    const kinds = /^(remove-(file|link|directory)|cut-file|rewrite-keys|replace-file)$/;
    const files = sourcesIn('lib', 'streams').filter((m) => [...m.texts].some((text) => kinds.test(text)));
    const listed = tableRows(part('## Add a kind of step')).flatMap(([place = '']) => quoted(place));
    expect(files.map((m) => m.path).filter((path) => !listed.includes(path))).to.deep.equal([]);
    expect(files.length).to.be.greaterThan(10);
  });

  it('lists ten changes', () => {
    expect(tableRows(part('## Ten changes to find from the map'))).to.have.length(10);
  });
});

describe('environment variables', () => {
  it('have one prefix', () => {
    expect(environmentProblems(projectSources())).to.deep.equal([]);
  });

  it('stand in the table of CONTRIBUTING, all that are read or told of, and no other', () => {
    const listed = tableRows(part('## Environment variables')).flatMap(([name = '']) => quoted(name));
    expect(listed).to.have.members([...ownVariables(projectSources())]);
    const others = textFiles().filter((f) => !f.path.startsWith('test/structure/'));
    expect(listed).to.have.members([...mentionedVariables(others)]);
  });
});

describe('the rules for environment variables', () => {
  const env = ['process', 'env'].join('.');
  const modules = parseSnippets({
    'a.ts': `export const a = [${env}['LITT_NIGHTLY'], ${env}.TERM, ${env}['LITT_ROLLBACK_A']];\n`,
    'b.ts': `export const { LITT_ROLLBACK_B: b, UPDATE, ...rest } = ${env};\n`,
    'c.ts': `export const c = (name: string) => ${env}[name];\n`,
    'd.ts': `export const d = { ...${env}, OTHER: '1' };\n`,
  });

  it('find other prefixes, and names that are computed', () => {
    expect(environmentProblems(modules)).to.deep.equal([
      'a.ts reads LITT_NIGHTLY',
      'b.ts reads UPDATE',
      'c.ts reads a variable by a computed name',
    ]);
  });

  it('find every variable of the project', () => {
    expect([...ownVariables(modules)]).to.deep.equal(['LITT_ROLLBACK_A', 'LITT_ROLLBACK_B']);
  });
});
