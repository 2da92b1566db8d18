import { expect } from 'chai';
import fc from 'fast-check';
import { RollbackError } from '../../lib/errors.ts';
import { parseSegmentFileName } from '../../lib/format/file-names.ts';
import { bytesOfName, hasForeignBytes, textOfName, withBytesShown } from '../../lib/format/foreign-bytes.ts';
import { shellQuote } from '../../lib/report/text.ts';

describe('format/foreign-bytes', () => {
  it('gives every name back byte for byte, also through JSON', () => {
    const bytes = fc.array(
      fc.oneof(fc.nat(255), fc.constantFrom(0xe9, 0xed, 0xb2, 0xa9, 0xef, 0xbf, 0xbd, 0x61)),
    );
    fc.assert(
      fc.property(bytes, (list) => {
        const name = Buffer.from(list);
        const text = textOfName(name);
        expect(bytesOfName(text)).to.deep.equal(name);
        expect(bytesOfName(JSON.parse(JSON.stringify(text)) as string)).to.deep.equal(name);
        expect(hasForeignBytes(text)).to.equal(!Buffer.from(name.toString('utf8')).equals(name));
      }),
    );
  });

  it('leaves text as it is, also the character that stands for replaced bytes', () => {
    for (const text of ['', 'data', 'Köln', '資料', '😀', 'a\ufffdb']) {
      expect(textOfName(Buffer.from(text))).to.equal(text);
      expect(hasForeignBytes(text)).to.equal(false);
    }
  });

  it('shows what lies there', () => {
    const text = textOfName(Buffer.from([0x64, 0xe9, 0x62]));
    expect(withBytesShown(text)).to.equal('d\\xe9b');
    expect(shellQuote(text)).to.equal("$'d\\xe9b'");
    const name = textOfName(Buffer.from([0xe9, ...Buffer.from('.keys')]));
    expect(() => parseSegmentFileName(name)).to.throw(RollbackError, '"\\xe9.keys"');
  });
});
