/** What holds of the crash states of any sequence of calls. */
import { expect } from 'chai';
import fc from 'fast-check';
import { runs } from '../../helpers/arbitraries.ts';
import { inconsistencies, reachable } from './check-tree.ts';
import { crashCases, crashStates, pendingAfter } from './crash-states.ts';
import { MemoryFs, type OpLog } from './memory-fs.ts';
import { create } from './small-files.ts';
import { dump } from './tree-io.ts';
import { type Call, Caller, call } from './twin.ts';

const CHOICE = { sample: 6, singles: 6, seed: 3 };

/** Calls that change much, and sync now and then. */
const busy: fc.Arbitrary<Call> = fc.oneof(
  { weight: 2, arbitrary: call },
  { weight: 3, arbitrary: call.filter(({ do: what }) => what === 'rename') },
  { weight: 1, arbitrary: call.filter(({ do: what }) => what === 'fsyncDir' || what === 'link') },
);

/** A small tree, all of it durable, and what a sequence of calls does to it. */
function play(calls: readonly Call[]): { log: OpLog; fs: MemoryFs } {
  const fs = new MemoryFs({ reflinks: true });
  for (const dir of ['/a', '/a/b', '/s', '/s/n']) fs.mkdir(dir);
  for (const file of ['/a/f', '/g', '/s/f', '/a/b/g', '/s/n/a']) create(fs, file, file);
  fs.link('/g', '/h');
  fs.symlink('a', '/l');
  const log = fs.record();
  const caller = new Caller(fs, '');
  for (const one of calls) caller.make(one);
  return { log, fs };
}

/** Numbers of operations at which to look: some, the last one among them. */
function points(log: OpLog): number[] {
  const step = Math.max(1, Math.floor(log.ops.length / 4));
  return [...new Set([0, step, 2 * step, 3 * step, log.ops.length].filter((k) => k <= log.ops.length))];
}

describe('simulator/crash-states: any sequence', () => {
  const calls = fc.array(busy, { minLength: 1, maxLength: 60 });

  it('leaves consistent trees, the living one among them', () => {
    const property = fc.property(calls, (list) => {
      const { log, fs } = play(list);
      for (const k of points(log)) {
        for (const { state, describe: text } of crashCases(log, k, CHOICE))
          expect(inconsistencies(state), text().join('\n')).to.deep.equal([]);
      }
      const [first] = crashStates(log, log.ops.length, CHOICE);
      expect(dump(first as MemoryFs, '/')).to.deep.equal(dump(fs, '/'));
    });
    fc.assert(property, runs(300));
  });

  it('leaves nothing to chance once everything is synced', () => {
    const property = fc.property(
      calls,
      fc.constantFrom('either' as const, 'both' as const),
      (list, renames) => {
        const { log, fs } = play(list);
        const [ops, start] = [[...log.ops], log.start];
        for (const id of new Set(ops.flatMap(inodesOf))) ops.push({ op: 'sync', id, path: `inode ${id}` });
        const states = [...crashStates({ start, ops }, ops.length, { ...CHOICE, renames })];
        expect(states.length).to.equal(1);
        expect(dump(states[0] as MemoryFs, '/')).to.deep.equal(dump(fs, '/'));
        expect(pendingAfter({ start, ops }, ops.length, renames)).to.deep.equal([]);
      },
    );
    fc.assert(property, runs(300));
  });

  it('loses no file that was only moved about, and leaves it no second name', () => {
    const property = fc.property(calls, (list) => {
      const { log } = play(list);
      const moved = onlyMoved(log);
      for (const k of points(log)) {
        for (const { state, describe: text } of crashCases(log, k, CHOICE)) {
          const found = reachable(state);
          for (const id of moved) {
            const why = `inode ${id} after ${k} operations:\n${text().join('\n')}`;
            expect(found.has(id), why).to.equal(true);
            expect(state.store.get(id).links, why).to.equal(log.start.store.get(id).links);
          }
        }
      }
    });
    fc.assert(property, runs(500));
  });

  it('may crash again while it is being repaired', () => {
    const property = fc.property(calls, calls, (list, more) => {
      const { log } = play(list);
      for (const state of crashStates(log, log.ops.length, CHOICE)) {
        const second = state.record();
        const caller = new Caller(state, '');
        for (const one of more.slice(0, 10)) caller.make(one);
        for (const again of crashStates(second, second.ops.length, { ...CHOICE, sample: 2, singles: 2 }))
          expect(inconsistencies(again)).to.deep.equal([]);
      }
    });
    fc.assert(property, runs(60));
  });
});

function inodesOf(op: OpLog['ops'][number]): number[] {
  if (op.op === 'rename') return [op.from.directory, op.to.directory];
  return 'directory' in op ? [op.directory] : [op.id];
}

/**
 * Files and directories of the beginning that nothing removed, linked or replaced. None, if new directories were
 * made: what is moved into one of those may be lost with it.
 */
function onlyMoved({ start, ops }: OpLog): Set<number> {
  const left = reachable(start);
  const live = start.clone();
  for (const op of ops) {
    if (op.op === 'create' && op.birth.kind === 'directory') return new Set();
    if (op.op === 'unlink' || op.op === 'link') left.delete(op.id);
    if (op.op === 'rename') {
      const replaced = live.store.directory(op.to.directory).entries.get(op.to.name);
      if (replaced !== undefined) left.delete(replaced);
    }
    replay(live, op);
  }
  return left;
}

function replay(fs: MemoryFs, op: OpLog['ops'][number]): void {
  const { store } = fs;
  if (op.op === 'create') {
    store.add(op.birth);
    store.setEntry(op.directory, op.name, op.birth.id);
  } else if (op.op === 'link') store.setEntry(op.directory, op.name, op.id);
  else if (op.op === 'unlink') store.removeEntry(op.directory, op.name, op.id);
  else if (op.op === 'rename') {
    store.removeEntry(op.from.directory, op.from.name, op.id);
    store.setEntry(op.to.directory, op.to.name, op.id);
  }
}
