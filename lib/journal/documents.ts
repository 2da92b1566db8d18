/**
 * The journal: one document in every root, so that any single root names all roots of the transaction. The
 * document holds the plan; the marks beside it record the progress.
 *
 * Beginning: documents in every root, bolts, then the committed mark in every root. End: the done (or undone)
 * mark in every root, bolts removed, the document no longer called journal, then the locks.
 */
import * as z from 'zod/mini';
import { RollbackError } from '../errors.ts';
import type { Proven, SameShape } from '../plan/same-shape.ts';
import { planSchema, relative, rootNumber } from '../plan/schema.ts';
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
import { lostJournalError } from '../store/open-transaction.ts';
import { lookAt, type OnUnreadable } from '../store/reading.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';

/** One root's document. */
export interface JournalDocument {
  readonly format: 'litt-rollback/journal';
  readonly version: 1;
  readonly id: string;
  readonly begunAt: string;
  /** The number of roots, and the number of this one; the snapshot directory has its own document. */
  readonly roots: number;
  readonly member: number | 'snapshots';
  readonly hasSnapshotDir: boolean;
  /** Whether removed data is kept for undo once the transaction is done. */
  readonly keepUndo: boolean;
  /**
   * Higher than that of every rollback known to the roots when it began: gives the order. Older versions wrote
   * none.
   */
  readonly sequence?: number | undefined;
  /** Bounds below the snapshot directory when it began, by path: in hex, null where there was none. */
  readonly bounds?: Readonly<Record<string, string | null>> | undefined;
  readonly plan: RollbackPlan;
}

const documentSchema = z.strictObject({
  format: z.literal('litt-rollback/journal'),
  version: z.literal(1),
  id: z.string(),
  begunAt: z.string().check(z.refine((at) => !Number.isNaN(Date.parse(at)), 'is not a time')),
  roots: z.int().check(z.positive(), z.maximum(0xffff)),
  member: rootNumber,
  hasSnapshotDir: z.boolean(),
  keepUndo: z.boolean(),
  sequence: z.optional(z.int().check(z.positive())),
  bounds: z.optional(z.record(relative, z.nullable(z.string().check(z.regex(/^([0-9a-f]{2})*$/))))),
  plan: planSchema,
});

/** Makes the cast of parseDocument() safe: the schema and the type have the same shape. */
export type DocumentSchemaMatches = Proven<SameShape<z.infer<typeof documentSchema>, JournalDocument>>;

/** The progress of a transaction, from its marks. */
export interface AreaMarks {
  /**
   * A step may have been taken: a mark says so, or undo data exists, as after every step. A crash never leaves
   * that without a whole document.
   */
  readonly begun: boolean;
  readonly done: boolean;
  readonly undoing: boolean;
  readonly undone: boolean;
}

/**
 * An area's document. Its name gives its state: `open` is journal.json, `closed` is undo.json, `bare` is
 * neither.
 */
export type AreaDocument =
  | { readonly state: 'bare'; readonly content: 'none'; readonly document: null }
  | { readonly state: 'open' | 'closed'; readonly content: 'whole'; readonly document: JournalDocument }
  | { readonly state: 'open' | 'closed'; readonly content: 'torn'; readonly document: null }
  | {
      readonly state: 'closed';
      /** Whole, but written by another version. Code that needs the document throws `refusal`. */
      readonly content: 'foreign';
      readonly document: null;
      readonly refusal: RollbackError;
      readonly begunAt: string | null;
      readonly sequence: number | null;
    };

/** The traces of one transaction in one directory. */
export type AreaState = AreaDocument & {
  readonly dir: string;
  readonly id: string;
  readonly marks: AreaMarks;
};

/**
 * Everything that a directory knows of transactions.
 * @param onUnreadable told of what cannot be read, which is then left out; without it that is refused
 */
export function areasIn(fs: DurableFs, dir: string, onUnreadable?: OnUnreadable): AreaState[] {
  const ids = lookAt(dir, () => areaIds(fs, dir), onUnreadable) ?? [];
  const states = ids.map((id) => lookAt(dir, () => areaState(fs, dir, id), onUnreadable));
  return states.filter((state) => state !== null);
}

function areaState(fs: DurableFs, dir: string, id: string): AreaState {
  const area = areaPath(dir, id);
  return { dir, id, ...readDocument(fs, area, id), marks: readMarks(fs, area) };
}

function readDocument(fs: DurableFs, area: string, id: string): AreaDocument {
  const isThere = (name: string): boolean => lstatOrNull(fs, `${area}/${name}`) !== null;
  const state = isThere(JOURNAL_FILE) ? 'open' : isThere(UNDO_FILE) ? 'closed' : 'bare';
  const name = state === 'open' ? JOURNAL_FILE : UNDO_FILE;
  const raw = state === 'bare' ? null : readChecksummed(fs, area, name);
  const read = raw === null ? null : parseDocument(area, id, raw);
  // A foreign document of a finished rollback stops only undo, which needs it.
  if (read instanceof RollbackError && state === 'open') throw read;
  if (state === 'bare') return { state, content: 'none', document: null };
  if (read === null) return { state, content: 'torn', document: null };
  if (!(read instanceof RollbackError)) return { state, content: 'whole', document: read };
  return {
    state: 'closed',
    content: 'foreign',
    document: null,
    refusal: read,
    begunAt: begunAtIn(raw),
    sequence: sequenceIn(raw),
  };
}

function readMarks(fs: DurableFs, area: string): AreaMarks {
  const done = hasMark(fs, area, DONE_MARK);
  const undoing = hasMark(fs, area, UNDOING_MARK);
  const undone = hasMark(fs, area, UNDONE_MARK);
  const begun = done || undoing || undone || hasMark(fs, area, COMMITTED_MARK) || hasUndoData(fs, area);
  return { begun, done, undoing, undone };
}

/** When the transaction began, read even from documents of other versions; null if unknown. */
export function begunAtOf(area: AreaState): string | null {
  switch (area.content) {
    case 'whole':
      return area.document.begunAt;
    case 'foreign':
      return area.begunAt;
    case 'none':
    case 'torn':
      return null;
  }
}

/** The number that orders rollbacks; null if unknown, or if an older version began the rollback. */
export function sequenceOf(area: AreaState): number | null {
  if (area.content === 'foreign') return area.sequence;
  return area.content === 'whole' ? (area.document.sequence ?? null) : null;
}

function sequenceIn(raw: unknown): number | null {
  const n = (raw as { sequence?: unknown } | null)?.sequence;
  return Number.isSafeInteger(n) ? (n as number) : null;
}

function begunAtIn(raw: unknown): string | null {
  const at = (raw as { begunAt?: unknown } | null)?.begunAt;
  return typeof at === 'string' ? at : null;
}

/** The document of an area; throws the refusal if another version wrote it. */
function parseDocument(area: string, id: string, raw: unknown): JournalDocument | RollbackError {
  const parsed = documentSchema.safeParse(raw);
  if (!parsed.success) return foreignVersionError(area, parsed.error);
  const document = parsed.data as JournalDocument;
  return document.id === id && document.plan.id === id ? document : foreignVersionError(area);
}

/** The refusal when an area's document is needed and missing. */
export function missingDocumentError(area: AreaState): RollbackError {
  return area.content === 'foreign' ? area.refusal : lostJournalError(areaPath(area.dir, area.id));
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
