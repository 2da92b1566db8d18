import { expect } from 'chai';
import { sectionOf } from '../../lib/cli/error-output.ts';
import { exitCodeOf } from '../../lib/cli/exit-codes.ts';
import { ERROR_CODES, type ErrorCode, RollbackError } from '../../lib/errors.ts';
import { sourcesIn } from '../structure/source.ts';
import { DOCUMENTS, documentText } from './documents.ts';
import { anchorOf, headings, section } from './markdown.ts';

const ERRORS = documentText('docs/errors.md');

const isCode = (word: string): word is ErrorCode => (ERROR_CODES as readonly string[]).includes(word);

/** The part below the heading of a code, and the exit codes that the part above it is about. */
function told(code: ErrorCode): { readonly text: string; readonly exits: readonly string[] } {
  const lines = ERRORS.split('\n');
  const at = lines.findIndex((line) => /^#+ /.test(line) && line.endsWith(` ${code}`));
  const above = lines.slice(0, at).findLast((line) => line.startsWith('## ')) ?? '';
  return { text: section(ERRORS, lines[at] ?? code), exits: above.match(/\d+/g) ?? [] };
}

describe('docs/errors.md', () => {
  it('has one section for each code, and for no other', () => {
    expect(headings(ERRORS).filter((heading) => heading.startsWith('ERR_'))).to.have.members(ERROR_CODES);
  });

  it('has the section to which the command sends people', () => {
    const anchors = headings(ERRORS).map((heading) => `docs/errors.md#${anchorOf(heading)}`);
    expect(ERROR_CODES.map(sectionOf).filter((place) => !anchors.includes(place))).to.deep.equal([]);
  });

  it('tells each code below the exit code that it has', () => {
    for (const code of ERROR_CODES) {
      const exit = exitCodeOf(new RollbackError(code, { what: '' }));
      expect(told(code).exits, code).to.include(String(exit));
    }
  });

  it('quotes what the program says, what it means, and what to do', () => {
    const program = sourcesIn('lib', 'streams')
      .map((m) => m.text)
      .join('\n');
    for (const code of ERROR_CODES) {
      const parts = told(code).text.trim().split('\n\n');
      expect(parts, code).to.have.length(3);
      const [quote = '', meaning = '', advice = ''] = parts;
      expect(program.includes(quote.replace(/^> /, '')), `${code} says: ${quote}`).to.equal(true);
      expect(meaning, code).to.match(/^[A-Z`].*[.`]$/s);
      expect(advice, code).to.match(/^\*\*Do:\*\* .*\.$/s);
    }
  });
});

describe('the documents', () => {
  it('name only codes that there are', () => {
    for (const [path, text] of DOCUMENTS) {
      const named = text.match(/\bERR_\w+/g) ?? [];
      expect(
        named.filter((code) => code !== 'ERR_CODES' && !isCode(code)),
        path,
      ).to.deep.equal([]);
    }
  });
});
