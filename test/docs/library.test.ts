import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { keyedTable } from '../helpers/keyed-table.ts';
import { readText } from '../structure/files.ts';
import { PROJECT } from '../structure/source.ts';
import { documentText } from './documents.ts';
import { type CodeBlock, codeBlocks, section, tableRows } from './markdown.ts';
import { Place } from './place.ts';

const LIBRARY = documentText('docs/library.md');
const BLOCKS = codeBlocks(LIBRARY);
const EXAMPLES = BLOCKS.filter((b) => b.language === 'js');
const [SCHEMA] = EXAMPLES.filter((b) => b.text.includes('export default')) as [CodeBlock];

/** Types that the examples pass must be those that the package has. */
const CHECKED = {
  compilerOptions: {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    typeRoots: [join(PROJECT, 'node_modules/@types')],
  },
  include: ['*.mjs'],
};

describe('docs/library.md', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('begins with a rollback to a height', () => {
    expect(EXAMPLES[0]?.text).to.contain("{ kind: 'height', height: 1024n }");
  });

  it('runs: the examples, as plain JavaScript on the built package, print what stands below them', () => {
    const run = EXAMPLES.filter((b) => b !== SCHEMA);
    expect(run.length).to.be.at.least(6);
    for (const example of run) {
      const output = BLOCKS[BLOCKS.indexOf(example) + 1];
      expect(output?.language, example.text).to.equal('text');
      const place = new Place('block', 'node');
      place.write('example.mjs', example.text);
      expect(place.run('node example.mjs')).to.equal(output?.text);
    }
  });

  it('compiles: the examples fit the types of the package', () => {
    const place = new Place();
    EXAMPLES.forEach((example, i) => {
      writeFileSync(join(place.dir, `example-${i}.mjs`), example.text);
    });
    place.write('tsconfig.json', JSON.stringify(CHECKED));
    const tsc = join(PROJECT, 'node_modules/.bin/tsc');
    const check = (): string => execFileSync(tsc, ['-p', '.'], { cwd: place.dir, encoding: 'utf8' });
    expect(check()).to.equal('');
    // What is wrong must be found: an example whose height is a text.
    writeFileSync(join(place.dir, 'wrong.mjs'), EXAMPLES[0]!.text.replace('1024n', "'1024'"));
    expect(check).to.throw();
  });

  it('understands: the schema of your own', () => {
    const place = new Place();
    place.write('votes.mjs', SCHEMA.text);
    const vote = (n: number): Buffer[] => [Buffer.from([0, 0, 0, 0, 0, 0, 0, n]), Buffer.from(`voter ${n}`)];
    const root = keyedTable([{ groups: [vote(1), vote(2), vote(3)] }], { table: 'votes' });
    const said = place.run(`litt-rollback plan --src ${root} --height 2 --schema votes=votes.mjs`);
    expect(said).to.contain('2 is the last kept, 3 the first removed (schema votes)');
    expect(said).to.contain('votes of 3');
  });

  it('lists what is exported', async () => {
    const rows = tableRows(section(LIBRARY, '## Everything that is exported'));
    const named = rows.flatMap(([, cell]) => (cell ?? '').match(/\w+/g) ?? []);
    expect(named).to.have.members(Object.keys(await import('../../lib/index.ts')));
  });

  it('lists the options of planning, and no other', () => {
    const rows = tableRows(section(LIBRARY, '## Plan and apply'));
    const named = rows.flatMap(([cell]) => (cell ?? '').match(/\w+/g) ?? []);
    const source = readText('lib/planner/options.ts');
    const body = /export interface PlanOptions \{(.*?)^\}/ms.exec(source)?.[1] ?? '';
    const there = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
    expect([...named, 'roots', 'target']).to.have.members(there);
  });
});
