/** The directories that take part in a transaction: each root by its number, and the snapshot directory. */
import { dirname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { areaPath, KEPT_DIR } from '../store/area.ts';
import type { RollbackPlan, Step } from '../types.ts';

/** Number of a root, or the snapshot directory. */
export type ParticipantName = number | 'snapshots';

/**
 * Where a transaction's participants lie. The user gives the paths, or they are found by id; they are never
 * read from a journal.
 */
export class Participants {
  readonly id: string;
  readonly roots: readonly string[];
  readonly snapshotDir: string | null;

  constructor(id: string, roots: readonly string[], snapshotDir: string | null) {
    this.id = id;
    this.roots = roots;
    this.snapshotDir = snapshotDir;
  }

  /** Every participant's directory, roots first. */
  get dirs(): readonly string[] {
    return this.snapshotDir === null ? this.roots : [...this.roots, this.snapshotDir];
  }

  /** Every participant's area. */
  get areas(): readonly string[] {
    return this.dirs.map((dir) => areaPath(dir, this.id));
  }

  /** @throws RollbackError ERR_JOURNAL when a step names a participant that the transaction does not have */
  base(name: ParticipantName): string {
    const dir = name === 'snapshots' ? this.snapshotDir : this.roots[name];
    if (dir !== null && dir !== undefined) return dir;
    throw new RollbackError('ERR_JOURNAL', {
      what: `A step names ${name === 'snapshots' ? 'the snapshot directory' : `root ${name}`}, which this transaction does not have`,
      next: 'Do not go on with this journal; ask for help',
    });
  }

  /** The locked directories that take part: the participants, and the tables below the snapshot directory. */
  locksOf(dirs: readonly string[]): string[] {
    const { snapshotDir } = this;
    const isBelow = (dir: string): boolean => snapshotDir !== null && dirname(dir) === snapshotDir;
    return dirs.filter((dir) => this.dirs.includes(dir) || isBelow(dir));
  }

  /** Absolute path of a step's file. */
  pathOf(step: Step): string {
    return join(this.base(step.file.root), step.file.path);
  }

  /** Absolute path of the undo data of step number `index`: `index.what` in its participant's area. */
  undoPath(step: Step, index: number, what: 'removed' | 'original' | 'tail' | 'new'): string {
    return join(areaPath(this.base(step.file.root), this.id), KEPT_DIR, `${index}.${what}`);
  }
}

/**
 * Whether the snapshot directory takes part. It does even without a step there, since the engine raises bounds
 * at each start.
 */
export function usesSnapshotDir(plan: RollbackPlan): boolean {
  return plan.snapshotDir !== null && plan.tables.some((t) => t.steps.length > 0);
}

/**
 * The participants in reverse. Every command is given the roots, so they come last at an end: the roots name a
 * transaction as long as any part of it is left.
 */
export function inReverse<T>(participants: readonly T[]): T[] {
  return participants.toReversed();
}
