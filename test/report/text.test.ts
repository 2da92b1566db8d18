import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import * as text from '../../lib/report/text.ts';

/** Where one of several commands ends; longer than any word that is drawn. */
const END = 'the end of this command';

describe('report/text', () => {
  it('groups the digits of numbers', () => {
    expect(text.formatCount(0)).to.equal('0');
    expect(text.formatCount(999)).to.equal('999');
    expect(text.formatCount(1000)).to.equal('1,000');
    expect(text.formatCount(1234567)).to.equal('1,234,567');
    expect(text.formatCount(12345678901234567890n)).to.equal('12,345,678,901,234,567,890');
  });

  it('tells sizes in binary units', () => {
    const cases: [number, string][] = [
      [0, '0 B'],
      [1023, '1,023 B'],
      [1024, '1.0 KiB'],
      [62464, '61.0 KiB'],
      [1024 * 1024 - 1, '1.0 MiB'],
      [380_000_000, '362.4 MiB'],
      [6e9, '5.6 GiB'],
      [2 ** 50, '1.0 PiB'],
      [2 ** 62, '4096.0 PiB'],
    ];
    for (const [bytes, expected] of cases) expect(text.formatBytes(bytes), `${bytes}`).to.equal(expected);
  });

  it('never prints 1024.0 of a unit below the largest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 50 }),
        (bytes) => !text.formatBytes(bytes).startsWith('1024.0'),
      ),
    );
  });

  it('tells times, and times that are none', () => {
    expect(text.formatTime(1_750_000_000_123_456_789n)).to.equal('2025-06-15T15:06:41Z');
    expect(text.formatTime('0')).to.equal('never');
    expect(text.formatTime(2n ** 64n - 1n)).to.equal('2554-07-21T23:34:34Z');
    expect(text.formatTime(2n ** 80n)).to.match(/ns after 1970$/);
  });

  it('writes numbers of segments as ranges', () => {
    expect(text.formatRanges([])).to.equal('');
    expect(text.formatRanges([7])).to.equal('7');
    expect(text.formatRanges([0, 1, 2, 5, 7, 8])).to.equal('0–2, 5, 7–8');
    expect(text.formatSegments([3])).to.equal('segment 3');
    expect(text.formatSegments([3, 4])).to.equal('segments 3–4');
  });

  it('joins words and counts things', () => {
    expect(text.joinWords(['a'])).to.equal('a');
    expect(text.joinWords(['a', 'b', 'c'])).to.equal('a, b and c');
    expect(text.plural(1, 'record')).to.equal('1 record');
    expect(text.plural(2000, 'directory', 'directories')).to.equal('2,000 directories');
  });

  it('wraps at spaces and keeps labels in their column', () => {
    expect(text.wrap('aa bb cc', 5)).to.deep.equal(['aa bb', 'cc']);
    expect(text.wrap('a-very-long-word b', 5)).to.deep.equal(['a-very-long-word', 'b']);
    expect(text.labelled('note', 'one two', { width: 20, column: 6 })).to.deep.equal(['  note  one two']);
    const long = text.labelled('note', 'word '.repeat(20).trim(), { width: 40, column: 6 });
    expect(long.length).to.be.greaterThan(1);
    expect(long.every((line) => line.length <= 40)).to.equal(true);
    expect(long[1]).to.match(/^ {8}word/);
  });

  it('makes control characters visible', () => {
    expect(text.printable('a\nb\tc\u001b[31m\u009b')).to.equal('a\\nb\\tc\\x1b[31m\\x9b');
    expect(text.printable('Ünï – 文')).to.equal('Ünï – 文');
  });

  it('quotes only what a shell would misread', () => {
    expect(text.shellCommand(['litt-rollback', '--src', '/data/lítt_1', '--max-remove', '5%'])).to.equal(
      'litt-rollback --src /data/lítt_1 --max-remove 5%',
    );
    expect(text.shellQuote("it's $HOME")).to.equal("'it'\\''s $HOME'");
    expect(text.shellQuote('')).to.equal("''");
    expect(text.shellQuote('a\nb')).to.equal("$'a\\nb'");
  });

  it('writes command lines that bash reads back unchanged', () => {
    const argument = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((s) => ![...s].some((c) => c === '\0' || (c >= '\x80' && c <= '\x9f')));
    const commands = fc.array(fc.array(argument, { minLength: 1, maxLength: 5 }), {
      minLength: 10,
      maxLength: 10,
    });
    // One bash reads ten commands: starting it takes longer than anything else here.
    const property = fc.property(commands, (lists) => {
      const lines = lists.map((words) => `printf '%s\\0' ${text.shellCommand([...words, END])}`);
      const back = execFileSync('bash', ['-c', lines.join('\n')], { encoding: 'utf8' });
      expect(back.split('\0').slice(0, -1)).to.deep.equal(lists.flatMap((words) => [...words, END]));
    });
    fc.assert(property, { numRuns: 4 });
  });
});
