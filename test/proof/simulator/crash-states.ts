/**
 * The trees that a power cut may leave.
 *
 * The model, over a log of operations, the first `k` of them carried out:
 * - A sync of a file makes every earlier write, truncation and change of mode, owner or time of that file durable.
 *   A sync of a directory does that for the directory's own mode and owner and for every earlier creation, link,
 *   unlink and rename in it; not for its own name, which is an entry of the directory above. A sync of anything
 *   else makes nothing durable.
 * - A rename within one directory is durable when that one is synced. One between two directories is atomic, and
 *   its two halves are entries that a sync of their directory must keep: so a sync of either one makes it durable.
 *   (`renames: 'both'` demands both, which is more than the model says: it shows who relies on that.)
 * - Every other operation is lost or survives, independently, in any combination but for dependencies.ts; an
 *   unsynced write may also be torn at any byte or come as zeros. What survives happens in the order of the log.
 * - A file that was created exists with the mode and owner of its creation and without content; what was written
 *   or changed later is as above. What lies in a directory whose creation is lost is lost with it. A removal that
 *   survives removes only what it removed in truth: nothing, if a rename that is lost would have brought it there.
 * - Afterwards no descriptor is open, and link counts are those of the tree, as after a check of the file system.
 * What is there at the beginning of the log is durable. Never lost: what was durable once, and any part of a
 * directory that no operation touched.
 */

import { Random } from '../random.ts';
import { Dependencies } from './dependencies.ts';
import {
  aimed,
  type CrashOptions,
  combinations,
  describeFate,
  type Fate,
  keepingLoose,
  type Pending,
} from './fates.ts';
import type { InodeStore } from './inodes.ts';
import { MemoryFs, type OpLog } from './memory-fs.ts';
import { applyOp, describeOp, type Op, skipOp, touched } from './op-log.ts';

/** How many states to choose, and by which reading of the model. */
export interface StateOptions extends CrashOptions {
  /** When a rename between two directories is durable; default `either` of them synced. */
  readonly renames?: 'either' | 'both';
  /** Only states that differ by what syncs would have kept that the log notes as missed. */
  readonly aimed?: boolean;
}

/** One tree after a crash, and how it came about. */
export interface CrashCase {
  readonly state: MemoryFs;
  /** The operations that were not whole, a line each. */
  readonly describe: () => string[];
  /** The same, but that no sync was missed: what those would have kept is there. */
  readonly unmissed: () => MemoryFs;
}

/** States that a power cut after `k` operations may leave. Each is new, and may be changed. */
export function* crashStates(log: OpLog, k: number, options: StateOptions): Generator<MemoryFs> {
  for (const { state } of crashCases(log, k, options)) yield state;
}

/** Like crashStates(), with an explanation of each state. */
export function* crashCases(log: OpLog, k: number, options: StateOptions): Generator<CrashCase> {
  const { pending, settled, from } = cursorOf(log, options.renames ?? 'either').at(k);
  const random = new Random(options.seed, 'crash states', k);
  const isLoose = log.ops.slice(from, k).some(touchesDirectories);
  const choice =
    options.aimed === true ? aimed(pending, random, options) : combinations(pending, random, options);
  const build = (fates: readonly Fate[]): MemoryFs => {
    const store = settled.clone();
    rebuild(store, log.ops, from, k, pending, fates);
    if (isLoose) store.sweep();
    const state = new MemoryFs(log.start.options, store);
    state.ticks = log.start.ticks + k;
    return state;
  };
  for (const fates of choice) {
    const unmissed = (): MemoryFs => build(keepingLoose(pending, fates));
    yield { state: build(fates), describe: () => describe(pending, fates), unmissed };
  }
}

/** The operations that a power cut after `k` of them may undo, a line each. */
export function pendingAfter(log: OpLog, k: number, renames: 'either' | 'both' = 'either'): string[] {
  return cursorOf(log, renames)
    .at(k)
    .pending.map(({ op }) => describeOp(op));
}

function rebuild(
  store: InodeStore,
  ops: readonly Op[],
  from: number,
  to: number,
  pending: readonly Pending[],
  fates: readonly Fate[],
): void {
  let next = 0;
  for (let i = from; i < to; i++) {
    const op = ops[i] as Op;
    const fate = pending[next]?.number === i ? (fates[next++] as Fate) : 'whole';
    if (fate === 'lost') skipOp(store, op);
    else applyOp(store, op, fate === 'whole' ? undefined : fate);
  }
}

function touchesDirectories(op: Op): boolean {
  if (op.op === 'create') return op.birth.kind === 'directory';
  if (op.op === 'unlink') return op.isDirectory;
  return op.op === 'rename' && op.replacedDirectory !== null;
}

function describe(pending: readonly Pending[], fates: readonly Fate[]): string[] {
  return pending.flatMap(({ number, op }, i) => {
    const fate = fates[i] as Fate;
    return fate === 'whole' ? [] : [`${describeFate(fate)}: operation ${number}, ${describeOp(op)}`];
  });
}

/** What is durable after each number of operations, worked out once and carried on as the log is gone through. */
class DurabilityCursor {
  private readonly dependencies = new Dependencies();
  /** The tree after the operations before `from`, all of them durable. */
  private settled: InodeStore;
  private from = 0;
  private last = 0;

  constructor(
    private readonly log: OpLog,
    private readonly renames: 'either' | 'both',
  ) {
    this.settled = log.start.store.clone();
  }

  at(k: number): { pending: Pending[]; settled: InodeStore; from: number } {
    const { ops } = this.log;
    if (k > ops.length) throw new RangeError(`the log has ${ops.length} operations, not ${k}`);
    this.dependencies.see(ops, k);
    if (k < this.last) {
      // What is durable later need not be durable here.
      this.settled = this.log.start.store.clone();
      this.from = 0;
    }
    this.last = k;
    const numbers = this.unsynced(k, false);
    const unmissed = new Set(this.unsynced(k, true));
    const first = numbers[0] ?? k;
    for (; this.from < first; this.from++) applyOp(this.settled, ops[this.from] as Op);
    const position = new Map(numbers.map((number, i) => [number, i]));
    const pending = numbers.map((number) => ({
      number,
      op: ops[number] as Op,
      loose: !unmissed.has(number),
      requires: this.dependencies.of(number).flatMap((r) => position.get(r) ?? []),
    }));
    return { pending, settled: this.settled.clone(), from: this.from };
  }

  /** Numbers of the operations that may be lost, in order; as if missed syncs had been made, or not. */
  private unsynced(k: number, made: boolean): number[] {
    const { ops } = this.log;
    const synced = new Set<number>();
    /** Operations that a durable one cannot be without. */
    const needed = new Set<number>();
    const numbers: number[] = [];
    for (let i = k - 1; i >= this.from; i--) {
      const op = ops[i] as Op;
      if (op.op === 'sync') {
        if (made || op.missed !== true) synced.add(op.id);
        continue;
      }
      if (needed.has(i) || this.isDurable(op, synced)) for (const r of this.dependencies.of(i)) needed.add(r);
      else numbers.push(i);
    }
    return numbers.reverse();
  }

  private isDurable(op: Op, synced: ReadonlySet<number>): boolean {
    const inodes = touched(op);
    return this.renames === 'both'
      ? inodes.every((id) => synced.has(id))
      : inodes.some((id) => synced.has(id));
  }
}

const cursors = new WeakMap<OpLog, Map<string, DurabilityCursor>>();

function cursorOf(log: OpLog, renames: 'either' | 'both'): DurabilityCursor {
  const known = cursors.get(log) ?? new Map<string, DurabilityCursor>();
  cursors.set(log, known);
  const cursor = known.get(renames) ?? new DurabilityCursor(log, renames);
  known.set(renames, cursor);
  return cursor;
}
