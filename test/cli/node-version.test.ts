/** A Node that is too old is refused before anything else happens, and nothing that is built needs a newer one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { transform } from 'esbuild';
import { OLDEST_NODE, refuseOldNode } from '../../lib/store/node-version.ts';
import { buildOnce } from '../helpers/command.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { COMMAND, database, finish, lastJson, type Result, scratchFile } from './process.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

const readJson = (path: string) => JSON.parse(readFileSync(join(PROJECT, path), 'utf8'));

/** Runs the command on this Node under another version. */
function under(version: string, args: readonly string[]): Promise<Result> {
  const pretend = scratchFile(
    'pretend.cjs',
    `Object.defineProperty(process, 'version', { value: 'v${version}' });
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  return finish(args, { env: { NODE_OPTIONS: `--require=${pretend}` } });
}

/** Calls that came after Node 20.19, or were never in a release of 20. */
const NEWER: readonly RegExp[] = [
  /\bPromise\.(withResolvers|try)\b/,
  /\bArray\.fromAsync\b/,
  /\b(Object|Map)\.groupBy\b/,
  /\bRegExp\.escape\b/,
  /\bError\.isError\b/,
  /\bMath\.(sumPrecise|f16round)\b/,
  /\bFloat16Array\b/,
  /\bIterator\.(from|prototype)\b/,
  /\.(values|keys|entries)\(\)\s*\.(map|filter|take|drop|flatMap|reduce|toArray|forEach|some|every|find)\(/,
  /\.(isSubsetOf|isSupersetOf|isDisjointFrom|symmetricDifference)\(/,
  /\b(fromBase64|fromHex|toBase64)\(/,
  /\b(globSync|mkdtempDisposableSync|zstdCompress|zstdDecompress)\b/,
  /["'](node:)?(sqlite|sea|test\/reporters)["']/,
  /\bSymbol\.(dispose|asyncDispose)\b(?=\])/,
  /\b(getCallSites?|stripTypeScriptTypes|registerHooks)\b/,
];

describe('an old Node', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('is refused by the first statement of the command, and nothing is changed', async () => {
    const { src, dir } = database('single-root');
    const before = treeOf(dir);
    const apply = ['apply', ...src, '--drop-last', '1', '--yes'];
    for (const version of ['18.20.4', '20.18.3', '20.0.0', '6.17.1']) {
      const { code, stdout, stderr } = await under(version, apply);
      expect([code, stdout], version).to.deep.equal([2, '']);
      expect(stderr).to.match(/^litt-rollback: .*\[ERR_USAGE\]\n {2}Next: .*\n$/);
      expect(stderr).to.contain(`needs Node 20.19 or newer, this is v${version} [`);
    }
    const { code, stderr } = await under('18.20.4', [...apply, '--json']);
    expect([code, stderr.trim().split('\n').length]).to.deep.equal([2, 1]);
    expect(lastJson(stderr)).to.include({ message_type: 'error', code: 'ERR_USAGE', exit_code: 2 });
    expectUntouched(dir, before);
  });

  it('is one below 20.19 only', async () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '26.1.0'])
      expect((await under(version, ['--version'])).code, version).to.equal(0);
  });

  it('is refused by the library as well, when it is loaded', () => {
    for (const version of ['18.20.4', '20.18.3', '0.10.48'])
      expect(() => refuseOldNode(version)).to.throw(`20.19 or newer, this is v${version}`);
    for (const version of ['20.19.0', '21.0.0', '100.0.0-pre']) refuseOldNode(version);
    expect(readJson('package.json').engines.node).to.equal(`>=${OLDEST_NODE.join('.')}`);
    const index = readFileSync(join(PROJECT, 'dist/lib/index.js'), 'utf8');
    expect(/^(import|export)[^\n]*/m.exec(index)?.[0]).to.equal("import './store/node-version.js';");
  });

  it('understands the first statement, whatever it understands besides', async () => {
    const [shebang, first] = readFileSync(COMMAND, 'utf8').split('\n');
    expect(shebang).to.equal('#!/usr/bin/env node');
    expect(first).to.contain('process.versions.node');
    // esbuild refuses what it would have to rewrite for this target.
    await transform(first!, { target: 'es5' });
  });
});

describe('what is built', () => {
  it('has no syntax that Node 20.19 lacks', async () => {
    const text = readFileSync(COMMAND, 'utf8');
    const settings = { minifySyntax: true, minifyWhitespace: true, format: 'cjs', platform: 'node' } as const;
    const [newest, oldest] = await Promise.all(
      ['esnext', `node${OLDEST_NODE.join('.')}`].map((target) => transform(text, { ...settings, target })),
    );
    expect(newest!.code === oldest!.code, 'nothing is rewritten for the oldest Node').to.equal(true);
    const later = await transform('using x = f();', { ...settings, target: `node${OLDEST_NODE.join('.')}` });
    expect(later.code).to.not.contain('using x');
  });

  it('makes no call that Node 20.19 lacks', () => {
    const text = readFileSync(COMMAND, 'utf8');
    const found = NEWER.flatMap((call) => text.match(new RegExp(call, 'g')) ?? []);
    expect(found).to.deep.equal([]);
    const calls = 'Promise.withResolvers(); a.values().map(f); Array.fromAsync(b); require("node:sqlite")';
    expect(NEWER.filter((call) => call.test(calls))).to.have.length(4);
  });

  it('is checked against the types of that Node and its language', () => {
    const { compilerOptions } = readJson('tsconfig.json');
    expect([compilerOptions.target, ...compilerOptions.lib]).to.deep.equal(['es2023', 'es2023']);
    expect(readJson('node_modules/@types/node/package.json').version).to.match(/^20\./);
  });
});
