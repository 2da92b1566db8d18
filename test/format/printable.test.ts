import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import { describeText, formatKey, parseHex, quoteBytes, toHex } from '../../lib/format/printable.ts';

describe('format/printable', () => {
  it('shows a key in hexadecimal and, where it has any text, as text', () => {
    expect(formatKey(Buffer.from('62000403', 'hex'))).to.equal('62000403 "b\\x00\\x04\\x03"');
    expect(formatKey(Buffer.from('00ff', 'hex'))).to.equal('00ff');
    expect(formatKey(Buffer.from('k "\\'))).to.equal('6b20225c "k \\"\\\\"');
    expect(formatKey(Buffer.alloc(0))).to.equal('(empty key)');
  });

  it('shows keys up to 64 bytes whole, and the ends of longer ones', () => {
    expect(formatKey(Buffer.alloc(64, 0xab))).to.equal('ab'.repeat(64));
    expect(formatKey(Buffer.alloc(65, 0xab))).to.equal(`${'ab'.repeat(32)}…${'ab'.repeat(8)} (65 bytes)`);
    const text = formatKey(Buffer.alloc(0xffff, 'k'));
    expect(text).to.include('(65535 bytes)').and.include('kkkk"…');
    expect(text.length).to.be.below(200);
  });

  it('prints nothing that a terminal would act on', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const text of [formatKey(bytes), quoteBytes(bytes), describeText(bytes)]) {
          expect(text).to.match(/^[\x20-\x7e…]*$/);
        }
      }),
    );
  });

  it('describes text found in a wrong place', () => {
    expect(describeText(Buffer.alloc(0))).to.equal('nothing');
    expect(describeText(Buffer.from('a\nb'))).to.equal('"a\\nb"');
    expect(describeText(Buffer.alloc(100, 'x'), 10)).to.equal('"xxxxxxxxxx"… (100 bytes)');
  });

  it('parses hexadecimal keys back', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.constantFrom('', '0x', '0X'),
        fc.boolean(),
        (b, prefix, up) => {
          const hex = toHex(b);
          expect(parseHex(prefix + (up ? hex.toUpperCase() : hex))).to.deep.equal(Buffer.from(b));
        },
      ),
    );
  });

  it('refuses what is not hexadecimal', () => {
    for (const text of ['', '0x', '0', 'abc', 'zz', '0a 0b', ' 0a', '0a\n', '0x0x0a', 'x0', '--']) {
      expect(() => parseHex(text), JSON.stringify(text))
        .to.throw(RollbackError)
        .with.property('code', 'ERR_USAGE');
    }
  });
});
