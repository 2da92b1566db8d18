/**
 * The journal: one document in every root, so that any root alone tells which roots belong together. It holds
 * the plan; the marks beside it say how far the transaction is.
 *
 * Beginning: documents in every root, bolts, then the committed mark in every root. End: the done (or undone)
 * mark in every root, bolts away, the document no longer called journal, then the locks.
 */
import * as z from 'zod/mini';
import { RollbackError } from '../errors.ts';
import { planSchema, rootNumber } from '../plan/schema.ts';
import {
  areaIds,
  areaPath,
  COMMITTED_MARK,
  DONE_MARK,
  hasMark,
  hasUndoData,
  JOURNAL_FILE,
  readChecksummed,
  UNDO_FILE,
  UNDOING_MARK,
  UNDONE_MARK,
} from '../store/area.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';

/** One root's document. */
export interface JournalDocument {
  readonly format: 'litt-rollback/journal';
  readonly version: 1;
  readonly id: string;
  readonly begunAt: string;
  /** How many roots the transaction has, and which one this is; the snapshot directory has its own document. */
  readonly roots: number;
  readonly member: number | 'snapshots';
  readonly hasSnapshotDir: boolean;
  /** Whether what was removed is kept once the transaction is done. */
  readonly keepUndo: boolean;
  readonly plan: RollbackPlan;
}

const documentSchema = z.strictObject({
  format: z.literal('litt-rollback/journal'),
  version: z.literal(1),
  id: z.string(),
  begunAt: z.string().check(z.refine((at) => !Number.isNaN(Date.parse(at)), 'is no time')),
  roots: z.int().check(z.positive(), z.maximum(0xffff)),
  member: rootNumber,
  hasSnapshotDir: z.boolean(),
  keepUndo: z.boolean(),
  plan: planSchema,
});

/** What one directory knows of one transaction. */
export interface AreaState {
  readonly dir: string;
  readonly id: string;
  /** Null when it is torn or missing. */
  readonly document: JournalDocument | null;
  /** Of a closed one that is whole, but none that this version writes: what whoever needs it is told. */
  readonly foreign: RollbackError | null;
  /** Also of a document that is none that this version writes; null when nothing tells. */
  readonly begunAt: string | null;
  /** `open` while it is called journal.json. */
  readonly state: 'open' | 'closed' | 'bare';
  /**
   * Whether a step may have been taken: it is marked so, or something is kept, as every step does. No crash leaves that
   * without a whole document.
   */
  readonly begun: boolean;
  readonly done: boolean;
  readonly undoing: boolean;
  readonly undone: boolean;
}

/** Everything that a directory knows of transactions. */
export function areasIn(fs: DurableFs, dir: string): AreaState[] {
  return areaIds(fs, dir).map((id) => areaState(fs, dir, id));
}

function areaState(fs: DurableFs, dir: string, id: string): AreaState {
  const area = areaPath(dir, id);
  const open = lstatOrNull(fs, `${area}/${JOURNAL_FILE}`) !== null;
  const closed = lstatOrNull(fs, `${area}/${UNDO_FILE}`) !== null;
  const raw = open
    ? readChecksummed(fs, area, JOURNAL_FILE)
    : closed
      ? readChecksummed(fs, area, UNDO_FILE)
      : null;
  const read = raw === null ? null : documentIn(area, id, raw);
  const document = read instanceof RollbackError ? null : read;
  const foreign = read instanceof RollbackError ? read : null;
  // What a finished rollback keeps is in nobody's way; only undo asks for it.
  if (foreign !== null && open) throw foreign;
  const done = hasMark(fs, area, DONE_MARK);
  const undoing = hasMark(fs, area, UNDOING_MARK);
  const undone = hasMark(fs, area, UNDONE_MARK);
  return {
    dir,
    id,
    document,
    foreign,
    begunAt: begunAtIn(raw),
    state: open ? 'open' : closed ? 'closed' : 'bare',
    begun: done || undoing || undone || hasMark(fs, area, COMMITTED_MARK) || hasUndoData(fs, area),
    done,
    undoing,
    undone,
  };
}

/**
 * The refusal of a run that does not know what was changed: somebody has damaged or removed a journal of which steps
 * were carried out.
 */
export function lostJournalError(path: string): RollbackError {
  return new RollbackError(
    'ERR_JOURNAL',
    {
      what: 'The journal of this rollback is damaged or gone',
      why: 'Files may have been changed, and nothing else tells which: going on could open a database that is mixed',
      next: 'Put the `.litt-rollback` directory back as it was, or restore the database from a backup into empty directories',
    },
    { path },
  );
}

function begunAtIn(raw: unknown): string | null {
  const at = (raw as { begunAt?: unknown } | null)?.begunAt;
  return typeof at === 'string' ? at : null;
}

/** The document of an area; the refusal of one that is whole, but was written by something else. */
function documentIn(area: string, id: string, raw: unknown): JournalDocument | RollbackError {
  const parsed = documentSchema.safeParse(raw);
  if (!parsed.success) return foreignVersionError(area, parsed.error);
  const document = parsed.data as JournalDocument;
  return document.id === id && document.plan.id === id ? document : foreignVersionError(area);
}

/** The refusal where an area's document is needed, and is not there. */
export function missingDocumentError({ dir, id, foreign }: AreaState): RollbackError {
  return foreign ?? lostJournalError(areaPath(dir, id));
}

function foreignVersionError(area: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_JOURNAL',
    {
      what: 'This journal is whole, but it is not one that this version of the program writes',
      why: 'Acting on it could destroy the database',
      next: 'Use the version that began the rollback, or restore the database from a backup',
    },
    { path: area },
    cause,
  );
}
