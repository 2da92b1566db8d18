/** The directories that take part in a transaction: each root by its number, and the snapshot directory. */
import { dirname, join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { areaPath, KEPT_DIR } from '../store/area.ts';
import type { AnyStep, LogIndexPlan, PlaceName, RollbackPlan } from '../types.ts';

/** Where the log-index of a transaction lies, and in which root's area its undo data is kept. */
export type LogIndexPlace = Pick<LogIndexPlan, 'dir' | 'root'>;

/** Number of a root, or the snapshot directory. */
export type ParticipantName = number | 'snapshots';

const PLACES: Readonly<Record<string, string>> = {
  snapshots: 'the snapshot directory',
  'log-index': 'the log-index',
};

/**
 * Where a transaction's participants lie. The user gives the paths, or they are found by id; they are never
 * read from a journal.
 */
export class Participants {
  readonly id: string;
  readonly roots: readonly string[];
  readonly snapshotDir: string | null;
  /** It has no area of its own: no more than logs may lie there. */
  readonly logIndex: LogIndexPlace | null;

  constructor(
    id: string,
    roots: readonly string[],
    snapshotDir: string | null,
    logIndex: LogIndexPlace | null = null,
  ) {
    this.id = id;
    this.roots = roots;
    this.snapshotDir = snapshotDir;
    this.logIndex = logIndex;
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
  base(name: PlaceName): string {
    const dir =
      name === 'snapshots' ? this.snapshotDir : name === 'log-index' ? this.logIndex?.dir : this.roots[name];
    if (dir !== null && dir !== undefined) return dir;
    throw new RollbackError('ERR_JOURNAL', {
      what: `A step names ${PLACES[name] ?? `root ${name}`}, which this transaction does not have`,
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
  pathOf(step: AnyStep): string {
    return join(this.base(step.file.root), step.file.path);
  }

  /** Absolute path of the undo data of step number `index`: `index.what` in its participant's area. */
  undoPath(step: AnyStep, index: number, what: 'removed' | 'original' | 'tail' | 'new'): string {
    return join(this.keptIn(step.file.root), `${index}.${what}`);
  }

  /** Where undo data of files in this place goes. */
  keptIn(name: PlaceName): string {
    const base = this.base(name === 'log-index' ? (this.logIndex?.root ?? name) : name);
    return join(areaPath(base, this.id), KEPT_DIR);
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
