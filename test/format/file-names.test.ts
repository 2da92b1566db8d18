import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import {
  isTableName,
  keysName,
  metadataName,
  parseSegmentFileName,
  valuesName,
} from '../../lib/format/file-names.ts';

const index = fc.integer({ min: 0, max: 0xffff_ffff });
const shard = fc.integer({ min: 0, max: 255 });

describe('format/file-names', () => {
  it('parses the names it makes', () => {
    fc.assert(
      fc.property(index, shard, (i, s) => {
        expect(parseSegmentFileName(metadataName(i))).to.deep.equal({ kind: 'metadata', index: i });
        expect(parseSegmentFileName(keysName(i))).to.deep.equal({ kind: 'keys', index: i });
        expect(parseSegmentFileName(valuesName(i, s))).to.deep.equal({ kind: 'values', index: i, shard: s });
      }),
    );
    expect([metadataName(7), keysName(7), valuesName(7, 2)]).to.deep.equal([
      '7.metadata',
      '7.keys',
      '7-2.values',
    ]);
  });

  it('refuses names at which the engine stops', () => {
    const bad = [
      'x.keys',
      '.keys',
      '.metadata',
      '.values',
      '1.values',
      '1-2-3.values',
      '-1.values',
      '1-.values',
    ];
    bad.push(
      '-.values',
      '1-x.values',
      'a b.metadata',
      '1.0.keys',
      '1.keys.keys',
      ' 1.keys',
      '1 .keys',
      '1e3.keys',
    );
    bad.push('1-0 .values', '1--0.values', '0x1.keys', '٣.keys', 'UNFINISHED.keys', '1\n.keys');
    for (const name of bad) {
      const parse = (): unknown => parseSegmentFileName(name);
      expect(parse, JSON.stringify(name)).to.throw(RollbackError).with.property('code', 'ERR_BAD_FILE_NAME');
    }
  });

  it('refuses names that the engine counts but never opens', () => {
    const bad = [
      '01.keys',
      '00.keys',
      '+1.keys',
      '-1.keys',
      '-0.metadata',
      '01-0.values',
      '1-00.values',
      '1-+0.values',
    ];
    bad.push('4294967296.keys', '99999999999.metadata', '1-256.values', '4294967296-0.values');
    for (const name of bad) {
      const parse = (): unknown => parseSegmentFileName(name);
      expect(parse, JSON.stringify(name)).to.throw(RollbackError).with.property('code', 'ERR_BAD_FILE_NAME');
    }
    expect(parseSegmentFileName('4294967295.keys')).to.deep.equal({ kind: 'keys', index: 0xffff_ffff });
  });

  it('tells what an interrupted rewrite left', () => {
    expect(parseSegmentFileName('4.keys.swap')).to.deep.equal({ kind: 'leftover', index: 4 });
    expect(parseSegmentFileName('4.metadata.swap')).to.deep.equal({ kind: 'leftover', index: 4 });
    for (const name of ['.keys.swap', 'x.metadata.swap', '04.keys.swap', '4294967296.keys.swap']) {
      expect(parseSegmentFileName(name), name).to.deep.equal({ kind: 'leftover', index: null });
    }
  });

  it('ignores what the engine ignores', () => {
    const names = [
      '',
      '.',
      '..',
      'keys',
      '1',
      '1.KEYS',
      '1.keys.bak',
      '1.swap',
      '1-0.values.swap',
      '.swap',
      '1.keys~',
    ];
    names.push('.1.keys.litt-rollback-tmp', '1.keys.', 'metadata', '1-0values');
    for (const name of names) expect(parseSegmentFileName(name), name).to.deep.equal({ kind: 'ignored' });
  });

  it('answers every name, and escapes the ones it refuses', () => {
    const extension = fc.constantFrom('', '.keys', '.metadata', '.values', '.swap', '.keys.swap');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), extension, (stem, ext) => {
        try {
          expect(parseSegmentFileName(stem + ext)).to.have.property('kind');
        } catch (error) {
          expect(error).to.be.instanceOf(RollbackError);
          expect((error as RollbackError).message).to.match(/^[\x20-\x7e]*$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('knows table names', () => {
    for (const name of ['t', 'blocks', 'A-b_9', '-', '_', '0'])
      expect(isTableName(name), name).to.equal(true);
    for (const name of ['', 't.bak', '.', '..', 'a b', 'é', 'a\n', 'a/b'])
      expect(isTableName(name)).to.equal(false);
  });
});
