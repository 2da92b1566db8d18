import { expect } from 'chai';
import { ERROR_CODES } from '../../lib/errors.ts';
import { textFiles } from './files.ts';
import { parseSnippets, projectSources, sourcesIn } from './source.ts';
import { badLines, codesIn, longFiles, longFunctions, undocumented, withoutHeader } from './style-rules.ts';

/** Codes that no test mentions by name. A test of one takes it off the list. */
const WITHOUT_A_TEST: readonly string[] = [];

const isCode = (path: string): boolean => /\.(ts|mjs)$/.test(path);

describe('style', () => {
  const files = textFiles();

  it('files have fewer than 250 lines', () => {
    expect(longFiles(files.filter((f) => isCode(f.path) || f.path.startsWith('scripts/')))).to.deep.equal([]);
  });

  it('functions have fewer than 60 lines', () => {
    expect(longFunctions(projectSources())).to.deep.equal([]);
  });

  it('what is exported says what it is for, and so does every file of the program', () => {
    expect(undocumented(sourcesIn('lib', 'streams', 'scripts', 'test/proof'))).to.deep.equal([]);
    const program = files.filter(
      (f) => /^(lib|streams|scripts|test\/proof)\/(?!.*\.test\.ts$)/.test(f.path) && isCode(f.path),
    );
    expect(withoutHeader(program)).to.deep.equal([]);
  });

  it('nothing is put off, and nothing depends on one machine', () => {
    expect(badLines(files)).to.deep.equal([]);
  });
});

describe('error codes', () => {
  const thrown = codesIn(sourcesIn('lib', 'streams'));

  it('are all used by the program', () => {
    expect(ERROR_CODES.filter((code) => !thrown.has(code))).to.deep.equal([]);
  });

  it('are all mentioned by a test, or listed as missing one', () => {
    const tests = textFiles().filter((f) => /^test\/(?!structure\/style\.).*\.ts$/.test(f.path));
    const words = new Set(tests.flatMap((f) => f.text.match(/\bERR_[A-Z_]+/g) ?? []));
    expect(ERROR_CODES.filter((code) => !words.has(code))).to.have.members(WITHOUT_A_TEST);
  });
});

describe('the rules for style', () => {
  const body = (lines: number): string => '  x();\n'.repeat(lines - 2);
  const modules = parseSnippets({
    'a.ts': `declare function x(): void;\nexport function long() {\n${body(60)}}\n`,
    'b.ts': `/** B. */\nexport class B {\n  /** M. */\n  m() {\n${body(59)}  }\n  n() {}\n  private o() {}\n}\n`,
    'c.ts': `describe('suite', () => {\n${body(99)}});\nconst f = () => {\n${body(70)}};\n`,
    'd.ts': '/** T. */\nexport type T = 1;\nexport interface U { v: T }\nexport const w = () => 1, y = 2;\n',
    'f.ts': '/** I. */\nexport interface I {}\n/** J. */\nexport class J implements I {\n  o() {}\n}\n',
    'e.ts': "throw new Error('ERR_A', `ERR_B`, { ERR_C: 1 }); // ERR_D\n",
  });

  it('find long functions', () => {
    expect(longFunctions(modules)).to.deep.equal(['a.ts:2 long has 60 lines', 'c.ts:100 f has 70 lines']);
  });

  it('find what has no comment', () => {
    expect(undocumented(modules)).to.deep.equal([
      'a.ts:2 function long',
      'b.ts:63 method B.n',
      'd.ts:3 type U',
      'd.ts:4 function w',
    ]);
    const texts = ['#!/bin/sh\n// fine', '/** fine */', 'import x', ''];
    const files = texts.map((text, i) => ({ path: `${i}`, text }));
    expect(withoutHeader(files)).to.have.length(2);
  });

  it('find codes that stand in the code', () => {
    expect([...codesIn(modules)]).to.deep.equal(['ERR_A', 'ERR_B']);
  });

  it('find long files, and unwanted lines', () => {
    const long = { path: 'long', text: '\n'.repeat(250) };
    expect(longFiles([long, { path: 'short', text: '\n'.repeat(249) }])).to.deep.equal([
      'long has 250 lines',
    ]);
    const home = ['', 'home', 'me', 'x'].join('/');
    const text = [
      `a ${'TO'}${'DO'} b`,
      `cd ${home}`,
      'db/root/x',
      '<root>/x',
      '/data/x',
      '#!/usr/bin/env',
    ].join('\n');
    expect(badLines([{ path: 'f', text }]).map((line) => line.slice(0, 3))).to.deep.equal(['f:1', 'f:2']);
  });
});
