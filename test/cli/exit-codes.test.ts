import { expect } from 'chai';
import { asDefectError, errorToText } from '../../lib/cli/error-output.ts';
import { EXIT_CODES, exitCodeOf } from '../../lib/cli/exit-codes.ts';
import { ERROR_CODES, type ErrorKind, RollbackError } from '../../lib/errors.ts';
import { lastJson } from './process.ts';

const EXPECTED: Record<ErrorKind, number> = {
  defect: 1,
  usage: 2,
  refused: 3,
  damaged: 4,
  locked: 5,
  unfinished: 6,
  system: 7,
  interrupted: 130,
};

const quiet = { json: false, verbose: false, signal: null };

describe('cli/exit-codes', () => {
  it('gives every code of an error the exit code of its kind', () => {
    for (const code of ERROR_CODES) {
      const error = new RollbackError(code, { what: 'x' });
      expect(exitCodeOf(error), code).to.equal(EXPECTED[error.kind]);
    }
  });

  it('tells signals apart', () => {
    const error = new RollbackError('ERR_INTERRUPTED', { what: 'x' });
    expect(exitCodeOf(error, 'SIGINT')).to.equal(130);
    expect(exitCodeOf(error, 'SIGTERM')).to.equal(143);
    expect(exitCodeOf(error, 'SIGHUP')).to.equal(129);
    expect(exitCodeOf(new RollbackError('ERR_IO', { what: 'x' }), 'SIGINT')).to.equal(7);
  });

  it('takes every foreign error for a defect', () => {
    for (const thrown of [new TypeError('x'), 'text', undefined, null, 7])
      expect(exitCodeOf(thrown)).to.equal(1);
  });

  it('is in the table of the help', () => {
    const told = EXIT_CODES.flatMap(([code]) => code.split(', ')).map(Number);
    for (const code of [0, 10, 143, ...Object.values(EXPECTED)]) expect(told).to.include(code);
  });
});

describe('cli/error-output', () => {
  it('tells the parts of an error one in a line, and keeps them when its words change', () => {
    const error = new RollbackError('ERR_FLEET', { what: 'Two', details: ['one\n', 'other'], next: 'Go' });
    const text = errorToText(error.at({ path: '/f' }).saying({ why: 'so' }), quiet);
    expect(text).to.contain('litt-rollback: Two (/f) [ERR_FLEET]\n  one\\n\n  other\n  so.\n  Next: Go.\n');
    expect(error.message).to.equal('Two. one\n. other. Go.');
    const document = lastJson(errorToText(error, { ...quiet, json: true }));
    expect(document).to.deep.include({ what: 'Two', details: ['one\n', 'other'] });
    const bare = lastJson(
      errorToText(new RollbackError('ERR_USAGE', { what: 'No' }), { ...quiet, json: true }),
    );
    expect(bare).not.to.have.property('details');
  });

  it('tells what, where, why and next, and the code', () => {
    const text = { what: 'The file is short.', why: 'It was cut', next: 'Restore it' };
    const error = new RollbackError('ERR_ADDRESS', text, { table: 't', path: '/a\nb', offset: 7 });
    expect(errorToText(error, quiet)).to.equal(
      'litt-rollback: The file is short (table t, /a\\nb at byte 7) [ERR_ADDRESS]\n  It was cut.\n' +
        '  Next: Restore it.\n  For more, see docs/errors.md#err_address\n',
    );
    const bare = new RollbackError('ERR_USAGE', { what: 'No' });
    expect(errorToText(bare, quiet)).to.equal(
      'litt-rollback: No [ERR_USAGE]\n  For more, see docs/errors.md#err_usage\n',
    );
  });

  it('lets no control character through', () => {
    const esc = '\u001b[2J';
    const error = new RollbackError('ERR_IO', { what: esc, why: esc, next: esc }, { path: esc });
    expect(errorToText(error, quiet)).not.to.contain('\u001b');
  });

  it('asks for a report of a defect, with the stack', () => {
    const text = errorToText(new TypeError('x is not a function'), quiet);
    expect(text).to.contain('[ERR_DEFECT]').and.to.contain('report').and.to.contain('exit-codes.test');
    expect(asDefectError('a thrown text').what).to.contain('a thrown text');
  });

  it('adds causes when asked', () => {
    const cause = new Error('outer', { cause: new Error('inner') });
    const error = new RollbackError('ERR_IO', { what: 'x' }, {}, cause);
    expect(errorToText(error, quiet)).not.to.contain('outer');
    const text = errorToText(error, { ...quiet, verbose: true });
    expect(text.indexOf('outer')).to.be.greaterThan(0).and.to.be.below(text.indexOf('inner'));
  });

  it('ends in one JSON document when asked', () => {
    const error = new RollbackError('ERR_LOCKED', { what: 'w', why: 'y' }, { path: '/p' });
    expect(lastJson(errorToText(error, { ...quiet, json: true }))).to.deep.equal({
      message_type: 'error',
      version: 1,
      code: 'ERR_LOCKED',
      kind: 'locked',
      exit_code: 5,
      what: 'w',
      why: 'y',
      next: null,
      place: { path: '/p' },
    });
  });
});
