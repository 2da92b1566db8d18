import { expect } from 'chai';
import { tableRows } from '../docs/markdown.ts';
import { textFiles } from './files.ts';

const architecture = textFiles().find((f) => f.path === 'ARCHITECTURE.md')?.text ?? '';

/** What stands in backquotes in the first cell of each row. */
function firstCells(text: string): string[] {
  return tableRows(text).flatMap(([cell]) => (cell ?? '').match(/(?<=`)[^`,]+(?=`)/g) ?? []);
}

/** The part below a heading, down to the next one of any level. */
function part(heading: RegExp): string {
  const [, ...parts] = architecture.split(/^(?=#+ )/m);
  return parts.find((text) => heading.test(text)) ?? '';
}

/** What is told but not there, and what is there but not told. */
function differences(told: readonly string[], there: readonly string[]): string[] {
  return [
    ...[...new Set(told)].filter((name) => !there.includes(name)).map((name) => `${name} is told, not there`),
    ...[...new Set(there)].filter((name) => !told.includes(name)).map((name) => `${name} is there, not told`),
  ];
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

describe('ARCHITECTURE', () => {
  const paths = textFiles().map((f) => f.path);

  it('has a line for every file of the program and of the scripts, and for no other', () => {
    // Parts of a script lie in a folder of its name, told as one.
    const part3 = (path: string): string => path.replace(/^(scripts\/[^/]+\/).*$/, '$1');
    const files = paths.filter((path) => /^(lib|streams|scripts)\//.test(path)).map(part3);
    const mapped = [...architecture.matchAll(/^### `([a-z/]+\/)`$/gm)].flatMap(([, folder = '']) =>
      firstCells(part(new RegExp(`^### \`${folder}\`\n`))).map((name) => `${folder}${name}`),
    );
    expect(differences(mapped, files)).to.deep.equal([]);
  });

  it('has a line for every folder of tests', () => {
    const top = (path: string): string => /^test\/(?:proof\/)?[^/]+\//.exec(path)?.[0] ?? path;
    const folders = paths.filter((path) => path.startsWith('test/')).map((path) => top(folderOf(path)));
    expect(differences(firstCells(part(/^## Tests\n/)), [...folders, 'test/fixtures/'])).to.deep.equal([]);
  });

  it('gives a reason for every dependency, and for no other', () => {
    const manifest = JSON.parse(textFiles().find((f) => f.path === 'package.json')?.text ?? '') as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >;
    const installed = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(differences(firstCells(part(/^## Dependencies\n/)), installed)).to.deep.equal([]);
  });

  it('names only files that there are', () => {
    const named = architecture.match(/(?<=`)(?:[\w-]+\/)*[\w-]+\.(?:ts|mjs)(?=`)/g) ?? [];
    const missing = named.filter((name) => !paths.some((path) => path === name || path.endsWith(`/${name}`)));
    expect(missing).to.deep.equal([]);
    expect(named.length).to.be.greaterThan(50);
  });

  it('has a page for the proof, which names only files and folders that there are', () => {
    const page = textFiles().find((f) => f.path === 'test/proof/README.md')?.text ?? '';
    const named = page.match(/(?<=`)(?:[\w-]+\/)+(?:[\w-]+\.ts)?(?=`)/g) ?? [];
    const missing = named.filter((name) => !paths.some((path) => `/${path}`.includes(`/${name}`)));
    expect(missing).to.deep.equal([]);
    expect(named.length).to.be.greaterThan(25);
  });
});
