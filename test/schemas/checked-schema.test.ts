/** Schemas that others write: whatever they do, it ends in an error that says so. */
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { checkedSchema, problemOf } from '../../lib/schemas/checked-schema.ts';
import { receipts } from '../../lib/schemas/receipts.ts';
import { ROLE, type TableSchema } from '../../lib/schemas/types.ts';

const KEY = Buffer.from('0a0b', 'hex');

function codeOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof RollbackError) return error;
    throw error;
  }
  return { code: 'nothing was thrown', message: '' };
}

const answering = (answer: unknown): TableSchema =>
  checkedSchema('t', { name: 'mine', decode: () => answer as never });

describe('schemas/guard', () => {
  it('lets right answers through', () => {
    const answer = { height: 2n ** 64n - 1n, kind: 'thing', label: 'thing 7' };
    expect(answering(answer).decode(KEY, true)).to.equal(answer);
    expect(answering(null).decode(KEY, true)).to.equal(null);
    expect(answering({ ...answer, height: null, decides: false }).decode(KEY, true)?.height).to.equal(null);
  });

  it('lets the schemas of this program alone', () => {
    expect(checkedSchema('t', receipts)).to.equal(receipts);
    expect(checkedSchema('t', { ...receipts })).to.not.equal(receipts);
  });

  it('refuses answers of the wrong shape and names the key', () => {
    for (const answer of [
      undefined,
      7,
      {},
      { height: 7, kind: 'a', label: 'b' },
      { height: -1n, kind: 'a', label: 'b' },
      { height: 2n ** 64n, kind: 'a', label: 'b' },
      { height: 1n, kind: 'a' },
      { height: 1n, kind: 'a', label: 'b', decides: 'yes' },
    ]) {
      const { code, message } = codeOf(() => answering(answer).decode(KEY, true));
      expect(code, String(answer)).to.equal('ERR_SCHEMA_FAILED');
      expect(message).to.contain('0a0b').and.to.contain('mine');
    }
  });

  it('catches what a schema throws', () => {
    const throwing = checkedSchema('t', {
      name: 'mine',
      decode: () => {
        throw new Error('no idea');
      },
      heights: () => {
        throw new Error('none either');
      },
    });
    expect(codeOf(() => throwing.decode(KEY, true))).to.include({ code: 'ERR_SCHEMA_FAILED' });
    const run = { buffer: KEY, offsets: new Int32Array(0), count: 0 };
    const out = { high: new Uint32Array(0), low: new Uint32Array(0), roles: new Uint8Array(0) };
    const { code, message } = codeOf(() => throwing.heights?.(run, out));
    expect(code).to.equal('ERR_SCHEMA_FAILED');
    expect(message).to.contain('none either');
  });

  it('takes no run in which a record has no role, or one that there is not', () => {
    // Key 0a0b twice: a record is its kind, the length of its key, and the key.
    const record = [0, 0, 2, 0x0a, 0x0b];
    const run = { buffer: Buffer.from([...record, ...record]), offsets: Int32Array.of(0, 5), count: 2 };
    for (const second of [null, 4]) {
      const schema = checkedSchema('t', {
        name: 'mine',
        decode: () => null,
        heights: (_, { roles }) => {
          roles[0] = ROLE.none;
          if (second !== null) roles[1] = second;
        },
      });
      // The roles of an earlier run are still there.
      const out = { high: new Uint32Array(2), low: new Uint32Array(2), roles: Uint8Array.of(1, 1) };
      const { code, message } = codeOf(() => schema.heights?.(run, out));
      expect(code).to.equal('ERR_SCHEMA_FAILED');
      expect(message).to.contain('no role in heights()').and.contain('0a0b');
    }
  });

  it('takes only schemas', () => {
    for (const value of [null, 7, {}, { name: 'a' }, { name: '', decode: () => null }])
      expect(problemOf(value), JSON.stringify(value)).to.be.a('string');
    expect(problemOf({ name: 'a', decode: () => null, heights: 3 })).to.contain('heights');
    expect(problemOf({ name: 'a', decode: () => null, needs: 3 })).to.contain('needs');
    expect(problemOf({ name: 'a', decode: () => null })).to.equal(null);
    expect(codeOf(() => checkedSchema('t', {} as TableSchema))).to.include({ code: 'ERR_USAGE' });
  });
});
