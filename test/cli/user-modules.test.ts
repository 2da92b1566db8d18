/** Filters and schemas that misbehave: the command blames them, ends with an exit code of its own, and leaves no lock. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { database, finish, lastJson, type Running, scratchFile, start } from './process.ts';

const db = () => database('blocks');

/** A filter that keeps everything; what stands in front of it is run when it is loaded. */
const filter = (before: string, body = 'true'): string[] => [
  '--filter',
  scratchFile('filter.mjs', `${before}\nexport default (table, key, isPrimary) => ${body};\n`),
];

const schema = (before: string, body = '({ height: 1n, kind: "k", label: "l" })'): string[] => [
  '--schema',
  `blocks=${scratchFile('schema.mjs', `${before}\nexport default { name: 'own', decode: (key, isPrimary) => ${body} };\n`)}`,
];

/** Commands that load a module, by what is in front of it. */
const loading: readonly (readonly [string, (before: string) => string[]])[] = [
  ['filter', (before) => ['plan', ...db().src, ...filter(before)]],
  ['filter', (before) => ['apply', '--yes', ...db().src, ...filter(before)]],
  ['schema', (before) => ['plan', ...db().src, '--height', '1024', ...schema(before)]],
  ['schema', (before) => ['keys', ...db().src, ...schema(before)]],
  ['schema', (before) => ['inspect', ...db().src, ...schema(before)]],
];

/** Expects that loading ends with 2, blames the module, and prints no result. */
async function blamed(before: string, ...texts: readonly (string | RegExp)[]): Promise<void> {
  for (const [what, words] of loading) {
    const { code, stdout, stderr } = await finish(words(before));
    expect([code, stdout], `${what}: ${stderr}`).to.deep.equal([2, '']);
    expect(stderr).to.contain(`The ${what} module`).and.not.contain('defect');
    for (const text of texts) {
      if (typeof text === 'string') expect(stderr).to.contain(text);
      else expect(stderr).to.match(text);
    }
  }
}

describe('cli: modules of users, when they are loaded', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('may throw: with the place', () =>
    blamed('\nthrow new Error("not today");', 'cannot be loaded: not today', /module\.mjs:2:7|\w+\.mjs:2:7/));

  it('may throw what is not an error', () => blamed('throw null;', 'cannot be loaded: null'));

  it('may not end the process', async () => {
    await blamed('process.exit(0);', 'process.exit(0) was called', /\.mjs:1:9/);
    await blamed(
      'setTimeout(() => process.exit(0)); await new Promise((r) => setTimeout(r, 500));',
      'process.exit',
    );
  });

  it('may wait for what never comes', () =>
    blamed('await new Promise(() => {});', 'never finishes loading', 'top-level await'));

  it('may fail while nothing waits for it', async () => {
    const wait = 'await new Promise((r) => setTimeout(r, 500));';
    await blamed(`setTimeout(() => { throw new Error('later'); }); ${wait}`, 'later', /\.mjs:1:\d+, outside/);
    await blamed(`Promise.reject('a text'); ${wait}`, 'a text');
  });

  it('may import what is missing', async () => {
    await blamed('import "./none.mjs";', 'imports what does not exist', 'none.mjs');
    await blamed('import "no-such-package";', 'imports what does not exist', 'no-such-package');
    await blamed('import { nothing } from "node:fs";', "named 'nothing'", /\.mjs:1: import \{ nothing/);
  });

  it('may be wrong: with the line, also of what they import', async () => {
    await blamed('\nconst a = (;', 'Unexpected token', /\.mjs:2: const a = \(;/);
    const dir = tempDir();
    mkdirSync(join(dir, 'deep'));
    writeFileSync(join(dir, 'filter.mjs'), "import './deep/part.mjs';\nexport default () => true;\n");
    writeFileSync(join(dir, 'deep', 'part.mjs'), 'export const ok = 1;\nlet 2 = 3;\n');
    const words = ['plan', ...db().src, '--filter', join(dir, 'filter.mjs')];
    const { code, stderr } = await finish(words);
    expect(code, stderr).to.equal(2);
    expect(stderr).to.contain(`${join(dir, 'deep', 'part.mjs')}:2: let 2 = 3;`);
    const common = scratchFile('filter.cjs', '\n\nmodule.exports = (;\n');
    const { stderr: said } = await finish(['plan', ...db().src, '--filter', common]);
    expect(said).to.contain(`${common}:3: module.exports = (;`);
  });

  it('print to standard error, whenever they print', async () => {
    const noisy = 'console.log("at load"); process.stdout.write("raw\\n");';
    const words = filter(noisy, '(console.log("asked"), true)');
    const { code, stdout, stderr } = await finish(['plan', '--json', ...db().src, ...words]);
    expect(code, stderr).to.equal(0);
    expect(lastJson(stdout)).to.include({ message_type: 'plan' });
    expect(stdout.trim().split('\n')).to.have.length(1);
    for (const text of ['at load', 'raw', 'asked']) expect(stderr).to.contain(text);
    const listed = await finish(['keys', '--json', '--limit', '2', ...db().src, ...schema(noisy)]);
    expect(listed.stdout.trim().split('\n')).to.have.length(2);
  });

  it('tell a module that is not there from one that lacks something', async () => {
    const missing = await finish(['plan', ...db().src, '--filter', '/no/such/module.mjs']);
    expect([missing.code, missing.stderr]).to.deep.equal([2, missing.stderr]);
    expect(missing.stderr).to.contain('there is no such module');
    const dir = await finish(['plan', ...db().src, '--filter', tempDir()]);
    expect([dir.code, dir.stderr]).to.deep.equal([2, dir.stderr]);
    expect(dir.stderr).to.contain('it is a directory');
  });
});

describe('cli: modules of users, when they are called', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('may not end the process either', async () => {
    const { src, dir } = db();
    const before = treeOf(dir);
    const run = await finish(['apply', '--yes', ...src, ...filter('', 'process.exit(0)')]);
    expect([run.code, run.stdout], run.stderr).to.deep.equal([3, '']);
    expect(run.stderr).to.contain('ERR_FILTER_FAILED').and.to.contain('process.exit(0) was called');
    const keys = await finish(['keys', ...src, ...schema('', 'process.exit(0)')]);
    expect(keys.code, keys.stderr).to.equal(3);
    expect(keys.stderr).to.contain('ERR_SCHEMA_FAILED').and.to.contain('process.exit(0) was called');
    const later = 'setTimeout(() => process.exit(0), 1);';
    const timer = await finish([
      'plan',
      ...src,
      ...filter(later, '(Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20), false)'),
      '--on-no-match',
      'keep',
    ]);
    expect(timer.code, timer.stderr).to.equal(2);
    expect(timer.stderr).to.contain('The filter module failed while nothing waited for it');
    expectUntouched(dir, before);
  });

  /** Waits for the word of a module, interrupts, and expects the end within seconds. */
  async function interrupted(running: Running): Promise<void> {
    await running.saw('here we go');
    const sent = Date.now();
    running.child.kill('SIGINT');
    const { code, signal, stdout } = await running.result;
    // Where nothing is locked yet, the signal itself ends it: a shell says 130 to both.
    expect(signal ?? code).to.be.oneOf([130, 'SIGINT']);
    expect(stdout.replace(/^segment .*\n/, '')).to.equal('');
    expect(Date.now() - sent).to.be.below(5000);
  }

  it('that never return can be interrupted, and nothing is left', async () => {
    const say = 'process.stderr.write("here we go\\n")';
    const forever = `{ ${say}; for (;;); }`;
    for (const words of [filter('', forever), ['--height', '1024', ...schema('', forever)]]) {
      const { src, dir, roots } = db();
      const before = treeOf(dir);
      for (const command of [['plan'], ['apply', '--yes']]) {
        const running = start([...command, ...src, ...words]);
        await interrupted(running);
        expect(running.stderr()).to.contain('Nothing was changed').and.to.contain('ERR_INTERRUPTED');
        expect(existsSync(join(roots[0]!, 'litt.lock'))).to.equal(false);
        expectUntouched(dir, before);
      }
    }
    await interrupted(start(['keys', ...db().src, '--limit', '1', ...schema('', forever)]));
    await interrupted(start(['inspect', ...db().src, ...schema('', forever)]));
  });

  it('that never finish loading can be interrupted', async () => {
    const say = 'process.stderr.write("here we go\\n");';
    await interrupted(start(['plan', ...db().src, ...filter(`${say} for (;;);`)]));
    await interrupted(
      start(['keys', ...db().src, ...schema(`${say} await new Promise((r) => setTimeout(r, 1e8));`)]),
    );
  });
});
