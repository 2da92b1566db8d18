import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import { formatBoundary, parseBoundary } from '../../lib/format/boundary.ts';
import { MAX_NUMBER_FILE_SIZE } from '../../lib/format/decimal-u32.ts';
import { formatWatermark, parseWatermark } from '../../lib/format/watermark.ts';

const FILES = [
  { name: 'watermark', parse: parseWatermark, format: formatWatermark, code: 'ERR_WATERMARK' },
  { name: 'boundary', parse: parseBoundary, format: formatBoundary, code: 'ERR_BOUNDARY' },
] as const;

for (const { name, parse, format, code } of FILES) {
  const parseText = (text: string): number => parse(Buffer.from(text));

  describe(`format/${name}`, () => {
    it('reads back every u32 it writes', () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (n) => {
          expect(format(n).toString()).to.equal(`${n}\n`);
          expect(parse(format(n))).to.equal(n);
        }),
      );
      expect(parseText('4294967295')).to.equal(0xffff_ffff);
    });

    it('ignores the white space that the engine ignores', () => {
      expect(parseText('\r\n\t 42 \n')).to.equal(42);
      expect(parseText('\u00a07\u0085\u3000')).to.equal(7);
      expect(parseText('007')).to.equal(7);
    });

    it('refuses everything but a plain u32', () => {
      const bad = [
        '',
        ' \n',
        '+1',
        '-1',
        '0x10',
        '1e3',
        '1.0',
        '1 2',
        '1_0',
        '4294967296',
        '٣',
        '\ufeff1',
        '1\0',
      ];
      for (const text of bad) {
        expect(() => parseText(text), JSON.stringify(text))
          .to.throw(RollbackError)
          .with.property('code', code);
      }
      expect(() => parse(Buffer.alloc(MAX_NUMBER_FILE_SIZE + 1, '0'))).to.throw(RollbackError);
      expect(() => parse(Buffer.alloc(1 << 20, ' '))).to.throw(RollbackError);
    });

    it('shows what it found, escaped', () => {
      expect(() => parseText('\x1b[2Jno')).to.throw('"\\x1b[2Jno"');
    });

    it('refuses to write a number outside u32', () => {
      for (const n of [-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => format(n))
          .to.throw(RollbackError)
          .with.property('code', 'ERR_DEFECT');
      }
    });

    it('answers arbitrary bytes with a u32 or its own error', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array(),
            fc.string().map((s) => Buffer.from(s)),
          ),
          (bytes) => {
            try {
              expect(parse(bytes)).to.be.within(0, 0xffff_ffff);
            } catch (error) {
              expect(error).to.be.instanceOf(RollbackError).with.property('code', code);
            }
          },
        ),
      );
    });
  });
}
