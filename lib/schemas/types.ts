/**
 * What the keys of a table mean. A schema is a small object that any user can write (README, `--schema`).
 *
 * A height is an unsigned 64-bit number. Inside loops it travels as two 32-bit halves, because one bigint for
 * every record costs more than all the rest of a scan.
 */
import type { KeyRun } from '../format/key-records.ts';

export type { KeyRun };

/** One key, decoded. */
export interface DecodedKey {
  /**
   * The height that the record belongs to; null for a record without its own height, such as a hash, which
   * follows its group. Only a primary may have one.
   */
  readonly height: bigint | null;
  /** The sort of record, in one word: `block`, `receipt`. */
  readonly kind: string;
  /** For the user: `block 1027`. */
  readonly label: string;
  /**
   * Whether the record marks where its height ends; default true when it has a height. False for records that
   * are written late, among those of higher heights: their position decides whether they are kept.
   */
  readonly decides?: boolean | undefined;
}

/** The role of a record's height. */
export const ROLE = {
  /** Without its own height. */
  none: 0,
  /** Its height is where a rollback may stop. */
  decides: 1,
  /** Has a height, but lies where it was written, not where its height ends. */
  counts: 2,
  /** The key does not fit the schema. */
  misfit: 3,
} as const;

/** Heights of a run of records, by index; halves of records without a height are left unchanged. */
export interface RunHeights {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** One of ROLE for each record. */
  readonly roles: Uint8Array;
}

/** The first and last records of a run, in place and in height: indices, -1 for none. */
export interface RunSpan {
  /** Of the records that mark where their height ends. */
  readonly oldest: number;
  readonly newest: number;
  readonly lowest: number;
  readonly highest: number;
  /** The highest of all records that have a height. */
  readonly top: number;
  /** Whether every key fits the schema. */
  readonly fits: boolean;
}

/** What the keys of one kind of table mean. */
export interface TableSchema {
  readonly name: string;
  /** Decodes one key; null when it does not fit. `key` is valid only during the call: copy it to keep it. */
  decode(key: Buffer, isPrimary: boolean): DecodedKey | null;
  /** Does the same for a run of records at once, without an object for each. Optional, for speed. */
  heights?(run: KeyRun, out: RunHeights): void;
  /** The records that the node's store needs to open, where they are known. */
  readonly needs?: StoreNeeds | undefined;
}

/** A record that must remain, or the node's store does not open. */
export interface StoreNeeds {
  /** For the user: `QC record (kind q)`. */
  readonly what: string;
  /** Whether this is such a record. */
  matches(key: Buffer, isPrimary: boolean): boolean;
}
