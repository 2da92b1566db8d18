/** The file system with faults: each of them happens where it was asked for, and only there. */
import { expect } from 'chai';
import { writeFileDurably } from '../../../lib/store/durable-files.ts';
import type { DurableFs } from '../../../lib/store/durable-fs.ts';
import { crashStates } from './crash-states.ts';
import { CrashNow, type Fault, FaultyFs, isSync } from './faulty-fs.ts';
import { MemoryFs } from './memory-fs.ts';
import { create, filesIn, textOf } from './small-files.ts';

const OWNER = { mode: 0o640 };

/** A file system with one file, and a faulty one before it. */
function faulty(fault: Fault = {}): { inner: MemoryFs; fs: FaultyFs } {
  const inner = new MemoryFs();
  inner.mkdir('/d');
  create(inner, '/d/f', 'old');
  return { inner, fs: new FaultyFs(inner, fault) };
}

const replace = (fs: DurableFs): void => writeFileDurably(fs, '/d/f', Buffer.from('new content'), OWNER);

const CALLS = ['open', 'writeAt', 'chmod', 'fsync', 'rename', 'fsyncDir'];
const TEMPORARY = '/d/.f.litt-rollback-tmp';

describe('simulator/faulty-fs', () => {
  it('counts what changes something, and remembers paths and places', () => {
    const { inner, fs } = faulty({ sites: true });
    replace(fs);
    expect(fs.ops.map((op) => op.name)).to.deep.equal(CALLS);
    expect(fs.ops.map((op) => op.index)).to.deep.equal(CALLS.map((_, i) => i));
    expect(fs.ops[3]?.paths).to.deep.equal([TEMPORARY]);
    expect(fs.ops[4]?.paths).to.deep.equal([TEMPORARY, '/d/f']);
    for (const { site } of fs.ops) expect(site).to.match(/^lib\/store\/durable-files\.ts:\d+( < |$)/);
    expect(fs.reads).to.be.greaterThan(0);
    expect(textOf(inner, '/d/f')).to.equal('new content');
  });

  it('fails at each call in turn, and the old or the new file is there', () => {
    for (const errno of ['EIO', 'ENOSPC', 'EACCES'] as const) {
      for (const index of CALLS.keys()) {
        const { inner, fs } = faulty({ failAt: { index, errno } });
        expect(() => replace(fs), `${errno} at ${CALLS[index]}`)
          .to.throw(CALLS[index] as string)
          .with.property('code', errno);
        expect(textOf(inner, '/d/f')).to.equal(CALLS[index] === 'fsyncDir' ? 'new content' : 'old');
        expect(filesIn(inner, '/')).to.deep.equal(['/d/f']);
        expect(inner.openDescriptors).to.equal(0);
        expect(fs.ops.filter((op) => op.fate === 'failed').map((op) => op.index)).to.deep.equal([index]);
      }
    }
  });

  it('goes on failing when asked to, and leaves half of a failed write', () => {
    const { inner, fs } = faulty({ failAt: { index: 1, errno: 'ENOSPC' }, sticky: true });
    expect(() => replace(fs)).to.throw('ENOSPC');
    expect(textOf(inner, TEMPORARY)).to.equal('new c');
    expect(fs.ops.map((op) => op.fate)).to.deep.equal(['done', 'failed', 'failed']);
  });

  it('fails at a call that changes nothing', () => {
    const { fs } = faulty({ failReadAt: { index: 0, errno: 'EIO' } });
    expect(() => fs.lstat('/d/f')).to.throw('EIO');
    expect(fs.lstat('/d/f').size).to.equal(3);
  });

  it('lets the process die, and nothing runs after that', () => {
    for (const crashAt of CALLS.keys()) {
      const { inner, fs } = faulty({ crashAt });
      const log = inner.record();
      expect(() => replace(fs)).to.throw(CrashNow);
      expect(fs.crashed).to.equal(true);
      expect(fs.ops.map((op) => op.name)).to.deep.equal(CALLS.slice(0, crashAt + 1));
      expect(log.ops.length).to.equal(crashAt);
      for (const use of [() => fs.lstat('/d'), () => fs.unlink('/d/f'), () => fs.close(0)])
        expect(use).to.throw(CrashNow);
      expect(log.ops.length).to.equal(crashAt);
    }
  });

  it('makes nothing durable by an fsync after a failed one on the same descriptor', () => {
    for (const again of ['same', 'new'] as const) {
      const { inner, fs } = faulty({ failAt: { index: 1, errno: 'EIO' } });
      const log = inner.record();
      const fd = fs.open('/d/f', 'r+');
      fs.writeAt(fd, Buffer.from('NEW'), 0);
      expect(() => fs.fsync(fd)).to.throw('EIO');
      fs.fsync(again === 'same' ? fd : fs.open('/d/f', 'r'));
      const texts = new Set(
        [...crashStates(log, log.ops.length, { sample: 5, seed: 1 })].map((state) => textOf(state, '/d/f')),
      );
      expect(texts.has('old'), again).to.equal(again === 'same');
    }
  });

  it('leaves syncs out', () => {
    const { inner, fs } = faulty({ drop: isSync });
    const log = inner.record();
    replace(fs);
    expect(log.ops.flatMap((op) => (op.op === 'sync' ? [op.missed] : []))).to.deep.equal([true, true]);
    expect(fs.ops.filter((op) => op.fate === 'dropped').map((op) => op.name)).to.deep.equal([
      'fsync',
      'fsyncDir',
    ]);
    expect(textOf(inner, '/d/f')).to.equal('new content');
  });

  it('changes the order of two calls, descriptors and buffers notwithstanding', () => {
    const { inner, fs } = faulty({ late: new Map([[3, 4]]) });
    const log = inner.record();
    replace(fs);
    const made = log.ops.filter((op) => op.op !== 'sync' || op.missed !== true);
    expect(made.map((op) => op.op)).to.deep.equal([
      'create',
      'write',
      'attributes',
      'rename',
      'sync',
      'sync',
    ]);
    expect(inner.openDescriptors).to.equal(0);
    const swapped = faulty({ late: new Map([[1, 2]]) });
    const fd = swapped.fs.open('/d/g', 'wx');
    const buffer = Buffer.from('text');
    swapped.fs.writeAt(fd, buffer, 0);
    buffer.fill('#');
    expect(textOf(swapped.inner, '/d/g')).to.equal('');
    swapped.fs.settle();
    expect(textOf(swapped.inner, '/d/g')).to.equal('text');
  });

  it('removes a tree in steps that count', () => {
    const { inner, fs } = faulty({ crashAt: 2 });
    for (const name of ['1', '2']) create(inner, `/d/${name}`, '');
    fs.removeTree('/missing');
    expect(() => fs.removeTree('/d')).to.throw(CrashNow);
    expect(filesIn(inner, '/').length).to.equal(1);
    const whole = new FaultyFs(inner);
    whole.removeTree('/d');
    expect(whole.ops.map((op) => op.name)).to.deep.equal(['unlink', 'rmdir']);
  });
});
