/** What becomes of the nodes of a batch: every node ends with one verdict, and a failed one with its error. */
import { EXIT_OF_KIND } from '../error-codes.ts';
import type { ErrorCode, ErrorKind, ErrorPlace, RollbackError } from '../errors.ts';
import type { RollbackPlan, TablePlan } from '../types.ts';

/** Every verdict with which a node ends, in the order in which they are told. */
export const NODE_VERDICTS = [
  'done',
  'nothing',
  'refused',
  'damaged',
  'locked',
  'unfinished',
  'system',
  'crashed',
  'not-started',
] as const;

/** The same before any change: `change` where there is something to do. */
export const VERDICTS = ['change', ...NODE_VERDICTS] as const;

/** A node's verdict before any change. */
export type PlannedVerdict = (typeof VERDICTS)[number];

/**
 * `done`: as the batch wants it. `nothing`: nothing was to be done. The others are failures: `refused`, `damaged`,
 * `locked`, `unfinished` and `system` as the kinds of errors; `crashed`: its worker died or met a defect;
 * `not-started`: the batch was stopped before.
 */
export type NodeVerdict = (typeof NODE_VERDICTS)[number];

/** A verdict that is a failure. */
export type FailedVerdict = Exclude<NodeVerdict, 'done' | 'nothing'>;

/** The error of a node, as data. */
export interface NodeError {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly exit_code: number;
  readonly what: string;
  readonly why: string | null;
  readonly next: string | null;
  readonly place: ErrorPlace;
}

/** The end of one table. */
export interface TableEnd {
  readonly table: string;
  /** A height, or the record in words where the target is not a height; null where nothing stays. */
  readonly lastKept: string | null;
  /** Likewise; null where nothing goes. */
  readonly firstRemoved: string | null;
  readonly recordsRemoved: number;
  readonly bytesRemoved: number;
}

/** Room that a node needs on one file system (bytes). */
export interface RoomNeed {
  /** The file system's number. */
  readonly device: string;
  readonly needed: number;
  readonly free: number;
}

/** A node that was looked at, before anything is changed. */
export interface NodePlanned {
  readonly node: string;
  readonly verdict: PlannedVerdict;
  /** The plan's id, which is the transaction's; null without a plan. */
  readonly transaction: string | null;
  readonly tables: readonly TableEnd[];
  readonly needs: readonly RoomNeed[];
  readonly notices: readonly string[];
  readonly error: NodeError | null;
}

/** A node at its end. */
export interface NodeEnded {
  readonly node: string;
  readonly verdict: NodeVerdict;
  /** Whether this call changed a file of the node. */
  readonly changed: boolean;
  readonly transaction: string | null;
  readonly tables: readonly TableEnd[];
  readonly notices: readonly string[];
  readonly error: NodeError | null;
}

const BY_KIND: Readonly<Record<ErrorKind, FailedVerdict>> = {
  defect: 'crashed',
  usage: 'refused',
  refused: 'refused',
  damaged: 'damaged',
  locked: 'locked',
  unfinished: 'unfinished',
  system: 'system',
  interrupted: 'not-started',
};

/** The verdict of a node whose work failed with this error. */
export function verdictOf({ kind }: Pick<RollbackError, 'kind'>): FailedVerdict {
  return BY_KIND[kind];
}

/** Whether a node is neither done nor without anything to do. */
export function isFailed(verdict: PlannedVerdict): verdict is FailedVerdict {
  return verdict !== 'done' && verdict !== 'nothing' && verdict !== 'change';
}

/** An error as data. */
export function nodeErrorOf({ code, kind, what, why, next, place }: RollbackError): NodeError {
  return {
    code,
    kind,
    exit_code: EXIT_OF_KIND[kind],
    what,
    why: why ?? null,
    next: next ?? null,
    place,
  };
}

/** Where each table of a plan ends. */
export function tableEnds(plan: Pick<RollbackPlan, 'tables'>): TableEnd[] {
  return plan.tables.map((table) => ({
    table: table.table,
    ...endOf(table),
    recordsRemoved: table.removed.records,
    bytesRemoved: table.removed.keyBytes + table.removed.valueBytes,
  }));
}

function endOf({ heights, lastKept, firstRemoved }: TablePlan): Pick<TableEnd, 'lastKept' | 'firstRemoved'> {
  if (heights !== null) return { lastKept: heights.lastKept, firstRemoved: heights.firstRemoved };
  const named = (record: TablePlan['lastKept']): string | null =>
    record === null ? null : (record.label ?? record.key);
  return { lastKept: named(lastKept), firstRemoved: named(firstRemoved) };
}
