/** Mutants made from a run of two writes: each of them must lose something that a simulated crash shows. */
import { expect } from 'chai';
import { writeFileDurably } from '../../../lib/store/durable-files.ts';
import { crashStates } from '../simulator/crash-states.ts';
import { type Fault, FaultyFs } from '../simulator/faulty-fs.ts';
import { MemoryFs, type OpLog } from '../simulator/memory-fs.ts';
import { textOf } from '../simulator/small-files.ts';
import { dropMutants, swapMutants } from './sync-mutants.ts';

const OWNER = { mode: 0o640 };

/** Two durable writes, traced. */
function twice(fault: Fault = {}): { fs: FaultyFs; log: OpLog } {
  const inner = new MemoryFs();
  inner.mkdir('/d');
  const fs = new FaultyFs(inner, { sites: true, ...fault });
  const log = inner.record();
  for (const name of ['/d/1', '/d/2']) writeFileDurably(fs, name, Buffer.from('new content'), OWNER);
  fs.settle();
  return { fs, log };
}

describe('mutants/sync-mutants', () => {
  it('are made from a run: one for each place, one for each pair of places', () => {
    const { ops } = twice().fs;
    const drops = dropMutants(ops);
    expect(drops.map((m) => m.name.replace(/:\d+.*/, ''))).to.deep.equal([
      'without fsync at durable-files.ts',
      'without fsyncDir at durable-files.ts',
    ]);
    const again = twice(drops[0]?.faultIn(ops) as Fault);
    expect(again.fs.ops.filter((op) => op.fate === 'dropped').map((op) => op.name)).to.deep.equal([
      'fsync',
      'fsync',
    ]);
    const swaps = swapMutants(ops);
    expect(
      swaps.map(({ kind, name }) => `${kind}: ${name.replaceAll(/ at \S+( < \S+)*/g, '')}`),
    ).to.deep.equal([
      'late: fsync only after rename',
      'late: fsyncDir only after rename',
      'early: chmod only after fsync',
      'early: rename only after fsyncDir',
    ]);
    const late = twice(swaps[0]?.faultIn(ops) as Fault);
    expect(late.fs.ops.filter((op) => op.fate === 'late').length).to.equal(2);
    expect(drops[0]?.faultIn([])).to.equal(null);
    expect(swaps[0]?.faultIn([])).to.equal(null);
  });

  it('of a correct write all lose something, and aiming finds it at once', () => {
    const { ops } = twice().fs;
    for (const { name, faultIn } of [...dropMutants(ops), ...swapMutants(ops)]) {
      const { log } = twice(faultIn(ops) as Fault);
      const seen = new Set<string>();
      for (let k = 0; k <= log.ops.length; k++) {
        for (const state of crashStates(log, k, { sample: 0, seed: 1, aimed: true })) {
          const texts = ['/d/1', '/d/2'].map((path) => checkedText(state, path)).join();
          if (k === log.ops.length ? texts !== SOUND.at(-1) : !SOUND.includes(texts)) seen.add(texts);
        }
      }
      expect(seen.size, name).to.be.greaterThan(0);
    }
    const { log } = twice();
    expect([...crashStates(log, log.ops.length, { sample: 9, seed: 1, aimed: true })]).to.deep.equal([]);
  });
});

/** What both files may show during two writes, each of them durable before the next; the last at their end. */
const SOUND: readonly string[] = ['none,none', 'new content,none', 'new content,new content'];

/** Content and mode in short. */
function checkedText(fs: MemoryFs, path: string): string {
  try {
    const wrong = fs.lstat(path).mode === OWNER.mode ? '' : ' of another mode';
    return `${textOf(fs, path)}${wrong}`;
  } catch {
    return 'none';
  }
}
