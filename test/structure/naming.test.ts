import { expect } from 'chai';
import { textFiles } from './files.ts';
import { adjectiveFiles, misnamedFunctions, overloadedWords } from './naming-rules.ts';
import { parseSnippets, projectSources, sourcesIn } from './source.ts';

describe('names', () => {
  it('of functions say whether they build an error, throw one or describe a problem', () => {
    expect(misnamedFunctions(sourcesIn('lib', 'streams'))).to.deep.equal([]);
  });

  it('of files are nouns or verbs', () => {
    const files = textFiles().filter((f) => /^(lib|streams|scripts|test)\//.test(f.path));
    expect(adjectiveFiles(files)).to.deep.equal([]);
  });

  it('have one meaning each', () => {
    expect(overloadedWords(projectSources())).to.deep.equal([]);
  });
});

describe('the rules for names', () => {
  it('find functions that are called something else than they do', () => {
    const modules = parseSnippets({
      'a.ts':
        'export class RollbackError {}\nexport function lost(): RollbackError { return new RollbackError(); }\n' +
        'export function lostError(): RollbackError { return lost(); }\n',
      'b.ts':
        'export function refuseOdd(): string { return ""; }\nexport function refuseEven(): void {}\n' +
        'export function problemOf(): string { return ""; }\nexport const later = async (): Promise<void> => {};\n',
    });
    expect(misnamedFunctions(modules).map((line) => line.split(' ')[1])).to.deep.equal([
      'lost',
      'refuseOdd',
      'problemOf',
    ]);
  });

  it('find files that are called by an adjective', () => {
    const files = ['lib/a/found.ts', 'lib/a/find.ts', 'test/kept.test.ts'].map((path) => ({
      path,
      text: '',
    }));
    expect(adjectiveFiles(files)).to.deep.equal(['lib/a/found.ts', 'test/kept.test.ts']);
  });

  it('find words of a second meaning', () => {
    const old = ['read', 'Sealed'].join('');
    const modules = parseSnippets({ 'a.ts': `export const ${old} = 1;\nexport const isSealed = 2;\n` });
    expect(overloadedWords(modules)).to.have.length(1);
  });
});
