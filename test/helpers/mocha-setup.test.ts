/** What every run of the tests stands on: counts that are right, and nothing left behind. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { tempDir } from './temp.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

const FILES: Readonly<Record<string, string>> = {
  'passes.test.mjs': `it('a', () => {});\nit('b', () => {});\nit.skip('c', () => {});\n`,
  'fails.test.mjs': `it('d', () => { throw new Error('d'); });\nit('e', () => {});\n`,
  'hook.test.mjs': `describe('f', () => {\n  before(() => { throw new Error('f'); });\n  it('g', () => {});\n});\n`,
  'unreadable.test.mjs': `throw new Error('unreadable');\n`,
};

/** Runs mocha as the project has set it up, and gives its last line and its exit code. */
function mocha(words: readonly string[], files: Readonly<Record<string, string>>) {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const paths = Object.keys(files).map((name) => join(dir, name));
  const command = ['node_modules/mocha/bin/mocha.js', ...words, ...paths];
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: PROJECT, encoding: 'utf8' });
  return { status, last: stdout.trimEnd().split('\n').at(-1) };
}

describe('a run of the tests', () => {
  it('ends with one line of counts, in parallel too', () => {
    const { 'unreadable.test.mjs': _, ...readable } = FILES;
    expect(mocha([], readable)).to.deep.equal({ status: 2, last: '3 passed, 2 failed' });
    expect(mocha(['--parallel'], readable)).to.deep.equal({ status: 2, last: '3 passed, 2 failed' });
  });

  it('counts a file that cannot be loaded as a failure', () => {
    expect(mocha(['--parallel'], FILES)).to.deep.equal({ status: 3, last: '3 passed, 3 failed' });
  });

  it('leaves no directory behind, though a worker is killed a second after its last file', () => {
    const note = join(tempDir(), 'note');
    const make = (name: string): string =>
      `import { appendFileSync } from 'node:fs';
       process.prependListener('exit', () => { for (const end = Date.now() + 1500; Date.now() < end; ); });
       import { tempDir } from '${PROJECT}test/helpers/temp.ts';
       it('makes ${name}', () => appendFileSync('${note}', tempDir() + '\\n'));\n`;
    const files = { 'a.test.mjs': make('a'), 'b.test.mjs': make('b') };
    expect(mocha(['--parallel'], files)).to.deep.equal({ status: 0, last: '2 passed, 0 failed' });
    const made = readFileSync(note, 'utf8').trim().split('\n');
    expect(made).to.have.length(2);
    expect(made.filter((dir) => existsSync(dir))).to.deep.equal([]);
  });
});
