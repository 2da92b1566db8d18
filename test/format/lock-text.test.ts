import { expect } from 'chai';
import fc from 'fast-check';
import { formatLockText, type LockOwner, parseLockOwner, parseLockText } from '../../lib/format/lock-text.ts';
import { trimSpace } from '../../lib/format/trim-space.ts';

const AT = new Date('2026-07-01T02:03:04.567Z');
const owner = (pid: number): LockOwner => ({ pid, boot: 'b-1', started: '77', space: 'pid:[3]' });
const pidOf = (text: string): number | null => parseLockText(text).pid;

describe('format/lock-text', () => {
  it('writes the text of the engine, in UTC and whole seconds, then what else tells the process', () => {
    expect(formatLockText(owner(1234), AT)).to.equal(
      'PID: 1234\nTimestamp: 2026-07-01T02:03:04Z\nBoot: b-1\nStarted: 77\nSpace: pid:[3]\n',
    );
  });

  it('reads the process back from locks of this program alone', () => {
    expect(parseLockOwner(formatLockText(owner(1234), AT))).to.deep.equal(owner(1234));
    expect(parseLockOwner('PID: 1234\nTimestamp: 2026-07-01T02:03:04Z\n')).to.equal(null);
    expect(parseLockOwner('PID: 1234\nBoot: b\nStarted: 7\n')).to.equal(null);
    expect(parseLockOwner('PID: 0\nBoot: b\nStarted: 7\nSpace: s\n')).to.equal(null);
    expect(parseLockOwner('Boot: b\nStarted: 7\nSpace: s\n')).to.equal(null);
  });

  it('reads back what it writes', () => {
    expect(parseLockText(formatLockText(owner(77), AT))).to.deep.equal({
      pid: 77,
      since: '2026-07-01T02:03:04Z',
    });
  });

  it("reads the engine's local times", () => {
    const text = 'PID: 5\nTimestamp: 2026-07-01T02:03:04+02:00\n';
    expect(parseLockText(text).since).to.equal('2026-07-01T02:03:04+02:00');
  });

  it('lets the first line that starts with the prefix decide, wherever it is and however it is indented', () => {
    expect(pidOf('hello\n\t PID: 12 \r\nPID: 13')).to.equal(12);
    expect(pidOf('PID: x\nPID: 13')).to.equal(null);
    expect(pidOf('PID:\nPID: \nPID: 13')).to.equal(13);
    expect(pidOf('the PID: 12')).to.equal(null);
    expect(pidOf('pid: 12')).to.equal(null);
    expect(pidOf('\ufeffPID: 12')).to.equal(null);
  });

  it('takes the integers that the engine takes', () => {
    expect(pidOf('PID: +7')).to.equal(7);
    expect(pidOf('PID: 0')).to.equal(0);
    expect(pidOf('PID: -0')).to.equal(0);
    expect(pidOf('PID: -5')).to.equal(-5);
    expect(pidOf('PID: 000012')).to.equal(12);
    for (const text of ['1.0', '0x1', '1_000', '12 13', ' 12', '', '٣', '--1', '+']) {
      expect(pidOf(`PID: ${text}`), JSON.stringify(text)).to.equal(null);
    }
  });

  it('takes numbers that no process can have for none', () => {
    for (const text of ['2147483648', '4294967297', '9223372036854775807', '1'.repeat(1000)]) {
      expect(pidOf(`PID: ${text}`), text).to.equal(null);
    }
    expect(pidOf('PID: 2147483647')).to.equal(2147483647);
  });

  it('finds no process in an empty or foreign text', () => {
    expect(parseLockText('')).to.deep.equal({ pid: null, since: null });
    expect(parseLockText('An unfinished rollback\n')).to.deep.equal({ pid: null, since: null });
  });

  it('repeats no time that is none', () => {
    expect(parseLockText('PID: 1\nTimestamp: \x1b[2J\n').since).to.equal(null);
    expect(parseLockText('PID: 1\nTimestamp: yesterday\n').since).to.equal(null);
  });

  it('answers arbitrary text, and hostile text in time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const { pid } = parseLockText(`PID: ${text}`);
        expect(pid === null || Number.isInteger(pid)).to.equal(true);
      }),
    );
    const started = performance.now();
    for (const filler of [' ', '0', '\n', 'PID: ', '\u3000'])
      parseLockText(`PID: ${filler.repeat(1 << 16)}x`);
    expect(performance.now() - started).to.be.below(1000);
  });
});

describe('format/trim-space', () => {
  it('trims like String.trim but for the two characters on which Go differs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/[\u0085\ufeff]/.test(text));
        expect(trimSpace(text)).to.equal(text.trim());
      }),
    );
    expect(trimSpace('\u0085x\u0085')).to.equal('x');
    expect(trimSpace('\ufeffx')).to.equal('\ufeffx');
  });
});
