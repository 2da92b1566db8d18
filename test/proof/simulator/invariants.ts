/**
 * What must hold of the states of one subject, by the numbers of the crash model. A5 also says that the engine
 * changes no file while it refuses, and that every state outside of the span opens: the first was seen with the
 * engine itself, and of the second only the ends are demanded (nothing of ours is left after a run or a recovery),
 * because what refuses must be durable before the intent is, and so is there a moment before it and behind it.
 */
import { join } from 'node:path';
import { readRecords } from '../../helpers/bytes.ts';
import type { MemoryFs } from './memory-fs.ts';
import { type Observation, observe, textAt } from './observe.ts';
import { kindAt } from './small-files.ts';
import type { Subject } from './subject.ts';
import { entriesBelow } from './tree-io.ts';

/** The states that recovering may end in. */
export type End = 'before' | 'after';

/** What a run that has ended leaves for good, and the line that it has written. */
export interface Promised {
  readonly end: End;
  /** What is kept for undo; null where some of it may have been freed before. */
  readonly kept: 'all' | 'nothing' | null;
  /** Null when the run had nothing left to say. */
  readonly action: 'apply' | 'resume' | 'undo' | 'purge' | null;
  /** Whether the roots must remember that they belong together. */
  readonly remembered: boolean;
  /** Whether what is of no more use may lie about: it is freed by `resume` after a disk was full. */
  readonly untidy?: boolean;
}

/** What a judge must know of a run besides the state. */
export interface Circumstances {
  /** What the run promised, in a state behind its end; null before that. */
  readonly promised: Promised | null;
  /**
   * Locks and bolts were removed by hand: until the run changes this state they need not be back. Else null.
   */
  readonly bare: string | null;
}

/** Judges states of one subject. */
export class Invariants {
  private readonly ends: ReadonlyMap<End, string>;
  /** Value files of the segments that stay, and how many bytes of each the kept keys reach into. */
  private readonly reach: ReadonlyMap<string, number>;

  constructor(
    private readonly subject: Subject,
    after: MemoryFs,
  ) {
    this.ends = new Map([
      ['before', observe(subject.start, subject).data],
      ['after', observe(after, subject).data],
    ]);
    this.reach = reachOf(after, subject);
  }

  /** Before or after; null for anything in between. */
  endOf(seen: Observation): End | null {
    for (const [end, data] of this.ends) if (seen.data === data) return end;
    return null;
  }

  /** A line an entry. */
  dataOf(end: End): string {
    return this.ends.get(end) as string;
  }

  /** What is wrong with a state, wherever a run was interrupted. */
  problems(fs: MemoryFs, seen: Observation, bare: string | null): string[] {
    const where = this.endOf(seen);
    const { phase, backward, unlocked, unbolted, foreign } = seen;
    const problems: string[] = [];
    // A3, and what the marks say of it.
    if (where === null && phase !== 'open') problems.push(`mixed, and the phase is ${phase}`);
    if (phase === 'over' && where !== (backward ? 'before' : 'after')) problems.push(`over, and ${where}`);
    if (phase === 'open' && seen.data !== bare) {
      // A5: by every lock, by every bolt, and so that the node's user can see why.
      if (unlocked.length > 0) problems.push(`open, and the engine may open ${unlocked[0]}`);
      if (unbolted.length > 0) problems.push(`open, and there is no bolt in ${unbolted[0]}`);
      if (foreign.length > 0) problems.push(`open, and the node cannot use ${foreign[0]}`);
    }
    const isClosed = phase === 'none' ? seen.areas.some((a) => a.undo) : phase === 'over' && !backward;
    // The other witness, the keymap, is gone.
    if (isClosed && !this.isRemembered(fs)) problems.push('applied, and the roots do not remember their set');
    return [...problems, ...this.dangling(fs)];
  }

  /** A6: no kept key points past the end of its value file. */
  private dangling(fs: MemoryFs): string[] {
    for (const [path, bytes] of this.reach) {
      const size = kindAt(fs, path) === 'file' ? fs.lstat(path).size : -1;
      if (size < bytes) return [`a kept key reaches to byte ${bytes} of ${path}, which has ${size}`];
    }
    return [];
  }

  /** What is wrong with a state of a run that has ended (A4). */
  broken(fs: MemoryFs, seen: Observation, promised: Promised): string[] {
    const problems: string[] = [];
    const where = this.endOf(seen);
    if (where !== promised.end) problems.push(`it is ${where ?? 'mixed'}`);
    const left = seen.traces.filter((trace) => promised.untidy !== true || !/trash-|\.audit\./.test(trace));
    if (left.length > 0) problems.push(`there is left ${left.join(', ')}`);
    if (seen.foreign.length > 0) problems.push(`the node cannot use ${seen.foreign[0]}`);
    const isMisleading = seen.areas.some((a) => a.marks.undoing && !a.journal);
    if (isMisleading) problems.push('a mark tells of an undo that had not begun');
    const isUsable = seen.areas.length > 0 && seen.areas.every((a) => a.undo);
    if (promised.kept === 'all' && !isUsable) problems.push('it cannot be taken back');
    if (promised.kept === 'nothing' && seen.areas.length > 0) problems.push('what undo kept is there');
    const { action, remembered } = promised;
    for (const root of this.subject.roots) {
      const last = textAt(fs, join(root, '.litt-rollback', 'audit.jsonl'))
        ?.trimEnd()
        .split('\n')
        .at(-1);
      if (action !== null && last?.includes(`"action":"${action}"`) !== true) {
        problems.push(`${root} has no line of it`);
      }
    }
    if (remembered && !this.isRemembered(fs)) problems.push('the roots do not remember their set');
    return problems;
  }

  private isRemembered(fs: MemoryFs): boolean {
    const texts = this.subject.roots.map((root) => textAt(fs, join(root, '.litt-rollback', 'root-set.json')));
    const id = /"id":"([^"]+)","roots":(\d+)\}\n$/.exec(texts[0] ?? '');
    return id !== null && Number(id[2]) === texts.length && texts.every((text) => text === texts[0]);
  }
}

function reachOf(after: MemoryFs, subject: Subject): Map<string, number> {
  const reach = new Map<string, number>();
  const files = entriesBelow(after, subject.dir).map(([path, inode]) => ({ path, inode }));
  for (const { path, inode } of files) {
    const keys = /^(root\d+)\/([^/]+)\/segments\/(\d+)\.keys$/.exec(path);
    if (keys === null || inode.kind !== 'file') continue;
    for (const { shard, offset, size } of readRecords(Buffer.from(inode.bytes))) {
      const name = `${keys[2]}/segments/${keys[3]}-${shard}.values`;
      const values = files.find((f) => f.path.replace(/^root\d+\//, '') === name)?.path ?? path;
      const at = join(subject.dir, values);
      reach.set(at, Math.max(reach.get(at) ?? 0, offset + size));
    }
  }
  return reach;
}
