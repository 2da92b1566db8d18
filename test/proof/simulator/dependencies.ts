/**
 * Which operations cannot survive a crash without which others.
 *
 * Unsynced operations are lost independently of each other, with this exception: a rename is atomic, so whatever
 * it moves is found under the old name or under the new one, never under both and never under none. What would
 * break that cannot survive alone:
 * - a rename of what an earlier rename brought (alone it would leave two names);
 * - a new name in the place that an earlier rename has vacated (alone it would hide what should still be there);
 * - the removal of a directory that an earlier rename has moved something out of, or that an earlier removal of a
 *   directory has emptied (alone it would take that with it);
 * - a rename of a directory to below a directory that was moved itself (alone it might make a loop).
 * Nothing else depends on anything. So a directory whose creation is lost takes along what was moved into it, and
 * of `link` followed by `unlink` the second may survive alone: no file system has to order these.
 */
import type { Op, RenameOp, UnlinkOp } from './op-log.ts';

const NONE: readonly number[] = [];

/** Notes dependencies as a log grows. */
export class Dependencies {
  /** Dependencies of each operation so far: numbers of earlier operations. */
  private readonly requires: (readonly number[])[] = [];
  /** What gave a name its present meaning: the number of a rename, or -1. */
  private readonly setBy = new Map<string, number>();
  /** Renames that took something away from a name. */
  private readonly vacated = new Map<string, number[]>();
  /** Renames out of a directory, and removals of directories in it. */
  private readonly emptied = new Map<number, number[]>();
  /** The last rename of each directory. */
  private readonly moved = new Map<number, number>();

  /** Looks at the operations up to number `count` that it has not yet seen. */
  see(ops: readonly Op[], count: number): void {
    while (this.requires.length < count) {
      const number = this.requires.length;
      this.requires.push(this.note(ops[number] as Op, number));
    }
  }

  /** What operation `number` cannot survive without. */
  of(number: number): readonly number[] {
    return this.requires[number] ?? NONE;
  }

  private note(op: Op, number: number): readonly number[] {
    switch (op.op) {
      case 'create':
        return this.named(op.directory, op.name, -1);
      case 'link':
        return this.named(op.directory, op.name, -1);
      case 'unlink':
        return op.isDirectory ? this.removed(op, number) : NONE;
      case 'rename':
        return this.renamed(op, number);
      default:
        return NONE;
    }
  }

  private named(directory: number, name: string, by: number): readonly number[] {
    const key = `${directory}/${name}`;
    this.setBy.set(key, by);
    return this.vacated.get(key) ?? NONE;
  }

  private removed(op: UnlinkOp, number: number): readonly number[] {
    const before = [...(this.emptied.get(op.id) ?? NONE)];
    append(this.emptied, op.directory, number);
    return before;
  }

  private renamed(op: RenameOp, number: number): readonly number[] {
    const { from, to } = op;
    const source = `${from.directory}/${from.name}`;
    const brought = this.setBy.get(source) ?? -1;
    const before = [...this.named(to.directory, to.name, number)];
    if (brought >= 0) before.push(brought);
    if (op.replacedDirectory !== null) before.push(...(this.emptied.get(op.replacedDirectory) ?? NONE));
    for (const directory of op.above) {
      const last = this.moved.get(directory);
      if (last !== undefined) before.push(last);
    }
    append(this.vacated, source, number);
    append(this.emptied, from.directory, number);
    if (op.isDirectory) this.moved.set(op.id, number);
    return before;
  }
}

function append<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
