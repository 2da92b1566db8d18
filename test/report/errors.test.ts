/** Errors of the operating system, as they are told. */
import { expect } from 'chai';
import { ioError, RollbackError } from '../../lib/errors.ts';

const refused = (path: string): Error => Object.assign(new Error('EIO'), { code: 'EIO', path });

describe('an error of the operating system', () => {
  it('names its own path, else the one that it was about, and says that nothing was changed', () => {
    const named = ioError(refused('/a/b'), '/a', 'read a file');
    expect([named.code, named.place.path]).to.deep.equal(['ERR_IO', '/a/b']);
    expect(named.message).to.include('EIO').and.include('Nothing was changed');
    expect(ioError(new Error('odd'), '/a', 'read a file').place.path).to.equal('/a');
  });

  it('keeps its words when it is told further on, but the state is the one that the run leaves', () => {
    const inner = ioError(refused('/a/b'), '/a', 'read a file');
    const outer = ioError(inner, '/', 'change a file', 'The database is shut');
    expect(outer).to.include({ code: 'ERR_IO', what: inner.what, why: 'The database is shut' });
    expect([outer.place, outer.cause]).to.deep.equal([inner.place, inner.cause]);
    expect(ioError(inner, '/', 'change a file')).to.equal(inner);
    expect(ioError(outer, '/', 'change a file', 'Something else')).to.equal(outer);
    const other = new RollbackError('ERR_LOCKED', { what: 'It is locked' });
    expect(ioError(other, '/', 'change a file', 'The database is shut')).to.equal(other);
  });
});
