/** Finds transactions in the given roots, and matches the roots by their content. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import { refuseLinkedParents } from '../plan/step-paths.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { isFencedBy } from '../store/fence.ts';
import { isKnown } from '../store/open-transaction.ts';
import type { OnUnreadable } from '../store/reading.ts';
import { lstatOrNull } from '../store/roots.ts';
import { resolveSnapshotDir } from '../store/snapshot-dir.ts';
import {
  type AreaMarks,
  type AreaState,
  areasIn,
  begunAtOf,
  type JournalDocument,
  missingDocumentError,
  sequenceOf,
} from './documents.ts';
import { findLogIndex } from './log-index-place.ts';
import { Participants } from './participants.ts';
import { isOpen, marksOf, type Phase, phaseOf } from './phase.ts';
import type { TransactionContext } from './transaction.ts';

/** Directories outside the roots, as a person names them. */
export interface GivenPlaces {
  readonly snapshotDir?: string | undefined;
  readonly logIndex?: string | undefined;
}

/** A transaction and those of its areas that were found. */
export interface FoundTransaction {
  readonly id: string;
  readonly areas: readonly AreaState[];
  /** From the first area whose document is whole; null when none is. */
  readonly document: JournalDocument | null;
  /** Null when no area gives it. */
  readonly begunAt: string | null;
  /** Orders rollbacks; null when no area gives it, or an older version began the rollback. */
  readonly sequence: number | null;
  readonly marks: AreaMarks;
  readonly phase: Phase;
}

/**
 * Every transaction in the given roots, newest first.
 * @param onUnreadable told of areas that cannot be read, which are then left out; without it they are refused
 */
export function findTransactions(
  fs: DurableFs,
  roots: readonly string[],
  onUnreadable?: OnUnreadable,
): FoundTransaction[] {
  const byId = new Map<string, AreaState[]>();
  for (const root of roots) {
    for (const area of areasIn(fs, root, onUnreadable))
      byId.set(area.id, [...(byId.get(area.id) ?? []), area]);
  }
  const found = [...byId].map(([id, areas]) => {
    const document = areas.find((a) => a.document !== null)?.document ?? null;
    const begunAt = areas.map(begunAtOf).find((at) => at !== null) ?? null;
    const sequence = areas.map(sequenceOf).find((n) => n !== null) ?? null;
    return {
      id,
      areas,
      document,
      begunAt,
      sequence,
      marks: marksOf(areas),
      phase: phaseOf({ areas, document }),
    };
  });
  return found.sort(newestFirst);
}

/**
 * The order of two transactions: by their numbers, since a clock may be set back. Older versions wrote none, so
 * a transaction without a number is older than one with a number; two without go by time. A transaction with
 * neither sorts as the newest, so that it is never freed or skipped as an old one.
 */
function newestFirst(a: FoundTransaction, b: FoundTransaction): number {
  const rank = ({ sequence, begunAt }: FoundTransaction): number =>
    sequence ?? (begunAt === null ? Number.POSITIVE_INFINITY : 0);
  if (rank(a) !== rank(b)) return rank(a) < rank(b) ? 1 : -1;
  const [left, right] = [a.begunAt ?? '', b.begunAt ?? ''];
  return Number(left < right) - Number(left > right);
}

/** The one open transaction; null without one. @throws RollbackError ERR_JOURNAL when there are several */
export function findOpen(found: readonly FoundTransaction[]): FoundTransaction | null {
  const open = found.filter((t) => isOpen(t.phase));
  if (open.length <= 1) return open[0] ?? null;
  throw new RollbackError('ERR_JOURNAL', {
    what: `Several rollbacks are open at once: ${open.map((t) => t.id).join(', ')}`,
    why: 'The given roots do not belong to one database',
    next: 'Pass the roots of one database',
  });
}

/**
 * Matches the given roots to the transaction's roots by the document in each.
 * @throws RollbackError ERR_ROOTS_UNCERTAIN (a root of the transaction is missing), ERR_JOURNAL (one is there
 * twice), ERR_SNAPSHOT_DIR_NEEDED, ERR_LOG_INDEX_NEEDED
 */
export function contextOf(
  fs: DurableFs,
  found: FoundTransaction,
  document: JournalDocument,
  given: GivenPlaces,
): TransactionContext {
  const roots: string[] = [];
  for (const area of found.areas) {
    const member = area.document?.member;
    if (typeof member === 'number') roots[member] = area.dir;
  }
  const lost = found.areas.find((a) => a.document === null);
  if (missingRoots(found.areas, document).length > 0) {
    const isGiven = lost !== undefined && found.areas.length >= document.roots;
    throw isGiven ? missingDocumentError(lost) : missingRootsError(found.areas, document);
  }
  refuseTwins(found.areas);
  const outside = document.hasSnapshotDir
    ? findSnapshotDir(fs, found.id, document, given.snapshotDir, roots)
    : null;
  const logIndex = findLogIndex(fs, document.plan, given.logIndex, roots);
  const participants = new Participants(found.id, roots, outside, logIndex);
  const below = document.plan.tables.map((t) => join(outside ?? '', t.table));
  const tablesBelow = outside === null ? [] : below.filter((d) => lstatOrNull(fs, d)?.kind === 'directory');
  const plan = { ...document.plan, roots, snapshotDir: outside };
  for (const step of stepsOfPlan(plan)) {
    refuseLinkedParents(fs, participants.base(step.file.root), [step.file.path]);
  }
  return {
    fs,
    participants,
    plan,
    lockedDirs: [...participants.dirs, ...tablesBelow],
    bounds: document.bounds ?? null,
    ownsLock: null,
  };
}

/** Of a root and its copy only one would be rolled back or undone, and it could be the wrong one. */
function refuseTwins(areas: readonly AreaState[]): void {
  const participants = areas.map((a) => a.document?.member);
  const twin = areas.find((a, i) => a.document !== null && participants.indexOf(a.document.member) < i);
  if (twin === undefined) return;
  const first = areas.find((a) => a.document?.member === twin.document?.member);
  throw new RollbackError(
    'ERR_JOURNAL',
    {
      what: `Two of the given roots hold the same part of this rollback: ${first?.dir} and ${twin.dir}`,
      why: 'One of them is a copy',
      next: 'Pass every root of the database once, and no copy of one',
    },
    { path: twin.dir },
  );
}

/**
 * Refuses fewer roots than a transaction has. A root whose area has gone already is known by its trash or its
 * lock.
 * @throws RollbackError ERR_ROOTS_UNCERTAIN
 */
export function refuseTooFewRoots(
  fs: DurableFs,
  { id, areas, document }: FoundTransaction,
  roots: readonly string[],
): void {
  if (document === null) return;
  const isPart = (root: string): boolean =>
    areas.some((a) => a.dir === root) || isFencedBy(fs, root, id) || isKnown(fs, root, id);
  const others = roots.filter((root) => !isPart(root));
  if (roots.length - others.length >= document.roots) return;
  // A run with this root alone may have removed all traces from it: then its files identify it.
  const missing = missingRoots(areas, document).filter(
    (i) => !others.some((o) => holdsFiles(fs, o, document, i)),
  );
  const traced = roots.length - others.length - areas.filter((a) => a.document !== null).length;
  if (missing.length > traced) throw missingRootsError(areas, document);
}

/**
 * Whether a directory holds every file that the plan found in its root of this number, with the size of then.
 */
function holdsFiles(fs: DurableFs, dir: string, { plan }: JournalDocument, root: number): boolean {
  const files = plan.fingerprint.filter(([of, , , mtime]) => of === root && mtime !== '');
  return files.length > 0 && files.every(([, path, size]) => lstatOrNull(fs, join(dir, path))?.size === size);
}

/** Numbers of the rollback's roots without an area among these: not given, or freed already. */
export function missingRoots(areas: readonly AreaState[], document: JournalDocument): number[] {
  const given = new Set(areas.map((a) => a.document?.member));
  return Array.from({ length: document.roots }, (_, i) => i).filter((i) => !given.has(i));
}

/** The refusal of a run that was given only some roots of a rollback. */
export function missingRootsError(areas: readonly AreaState[], document: JournalDocument): RollbackError {
  const missing = missingRoots(areas, document);
  const then = missing.map((i) => document.plan.roots[i]).join(', ');
  return new RollbackError('ERR_ROOTS_UNCERTAIN', {
    what: `This rollback has ${document.roots} roots, and ${missing.length} of them were not given (when it began they were: ${then})`,
    why: 'All roots are finished, taken back or freed together',
    next: 'Pass every root with --src',
  });
}

/** A path from a journal is never acted on: a copied database would change its original. */
function findSnapshotDir(
  fs: DurableFs,
  id: string,
  document: JournalDocument,
  given: string | undefined,
  roots: readonly string[],
): string {
  if (given === undefined) throw snapshotDirNeededError(document);
  const real = resolveSnapshotDir(fs, given, roots);
  if (areasIn(fs, real).some((a) => a.id === id && a.document?.member === 'snapshots')) return real;
  const what = 'This snapshot directory does not belong to the rollback';
  throw new RollbackError('ERR_SNAPSHOT_DIR_WRONG', { what, ...whichSnapshotDir(document) }, { path: real });
}

/** The refusal of a run that needs the snapshot directory and was not given it. */
export function snapshotDirNeededError(document: JournalDocument): RollbackError {
  const what = 'This rollback includes a snapshot directory';
  return new RollbackError('ERR_SNAPSHOT_DIR_NEEDED', { what, ...whichSnapshotDir(document) });
}

function whichSnapshotDir(document: JournalDocument): { why: string; next: string } {
  return {
    why: `When the rollback began it was ${document.plan.snapshotDir}`,
    next: 'Pass it with --snapshot-dir',
  };
}
