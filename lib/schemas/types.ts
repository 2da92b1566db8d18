/**
 * What the keys of a table mean. A schema is a small object; anybody may write one (README, `--schema`).
 *
 * A height is an unsigned 64-bit number. Inside of loops it travels as two 32-bit halves, because one bigint for
 * every record costs more than all the rest of a scan.
 */
import type { KeyRun } from '../format/key-records.ts';

export type { KeyRun };

/** One key, decoded. */
export interface DecodedKey {
  /**
   * The height that the record belongs to; null for a record that has none of its own and goes with its group,
   * such as a hash. Only a primary may have one.
   */
  readonly height: bigint | null;
  /** What sort of record it is, in one word: `block`, `receipt`. */
  readonly kind: string;
  /** For people: `block 1027`. */
  readonly label: string;
  /**
   * Whether the record tells where its height ends; default true when it has a height. False for records that
   * are written late, among those of higher heights: they are removed and kept by where they lie.
   */
  readonly decides?: boolean | undefined;
}

/** What a record's height is good for. */
export const ROLE = {
  /** No height of its own. */
  none: 0,
  /** Its height is where a rollback may stop. */
  decides: 1,
  /** Has a height, but lies where it was written, not where its height ends. */
  counts: 2,
  /** The key does not fit the schema. */
  misfit: 3,
} as const;

/** Heights of a run of records, by index; halves of records without a height are left as they were. */
export interface RunHeights {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** One of ROLE for each record. */
  readonly roles: Uint8Array;
}

/** Which records of a run are its first and last ones, in place and in height: indices, -1 for none. */
export interface RunSpan {
  /** Of the records that tell where their height ends. */
  readonly oldest: number;
  readonly newest: number;
  readonly lowest: number;
  readonly highest: number;
  /** The highest one of all records that have a height. */
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
  /** What the node's store cannot open without, where that is known. */
  readonly needs?: StoreNeeds | undefined;
}

/** A record that must remain, or the node's store does not open. */
export interface StoreNeeds {
  /** For people: `QC record (kind q)`. */
  readonly what: string;
  /** Whether this is such a record. */
  matches(key: Buffer, isPrimary: boolean): boolean;
}
