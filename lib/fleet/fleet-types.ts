/** What a fleet file says, once it is read: its nodes, what holds for each, and where all are to end. */
import type { CheckScope, NoMatchPolicy, StragglerPolicy } from '../types.ts';

/** One node of a fleet. */
export interface FleetNode {
  /** Letters, digits, `.`, `_` and `-`; one node has it. */
  readonly name: string;
  /** The node's home, absolute and without links where it exists; null where the roots themselves are given. */
  readonly home: string | null;
  /** The roots of one database, absolute and without links where they exist; empty exactly when a home is given. */
  readonly src: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Those of the fleet, overridden one by one by those of the node. */
  readonly options: ScopeOptions;
}

/** A fleet file that was read and has no mistake. */
export interface Fleet {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly digest: string;
  /** Where all nodes are to end; null where the file leaves that to the command line. */
  readonly target: FleetTarget | null;
  /** In the order of the file, those of a pattern by their names; at least one. */
  readonly nodes: readonly FleetNode[];
  /** What the user must know: what a pattern found and left out, and why. */
  readonly notices: readonly string[];
}

/** The target of a fleet, by the names of the command line; exactly one is there. */
export interface FleetTarget {
  /** Decimal digits of 64 bits. */
  readonly height?: string;
  /** Hexadecimal. */
  readonly key?: string;
  /** Absolute path. */
  readonly 'keys-file'?: string;
  /** A point in time, never an age. */
  readonly before?: string;
  /** Absolute path of a module. */
  readonly filter?: string;
}

/** What to plan, and what is allowed: names and meaning as on the command line. */
export interface ScopeOptions {
  readonly table?: readonly string[];
  readonly 'on-no-match'?: NoMatchPolicy;
  /** `TABLE=SCHEMA`; the path of a module is absolute. */
  readonly schema?: readonly string[];
  readonly stragglers?: StragglerPolicy;
  readonly 'drop-orphans'?: boolean;
  readonly 'all-roots'?: boolean;
  readonly check?: CheckScope;
  readonly 'accept-damage'?: boolean;
  /** Absolute path, or `none`. */
  readonly 'snapshot-dir'?: string;
  /** Absolute path, or `keep`. */
  readonly 'log-index'?: string;
  /** A number of records, or a share with `%`. */
  readonly 'max-remove'?: string;
}
