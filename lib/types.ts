/**
 * Plain data that crosses module borders: filters and plans. No behaviour here.
 *
 * Sizes and offsets are bytes. Everything in a plan survives JSON.stringify and back unchanged: 64-bit values
 * (times, inode numbers) are decimal strings.
 */

import type { PlaceName, RewindLogStep, Step } from './step-types.ts';

export type {
  AnyStep,
  CutFileStep,
  FileRef,
  PlaceName,
  RemoveDirectoryStep,
  RemoveFileStep,
  RemoveLinkStep,
  ReplaceFileStep,
  RewindLogStep,
  RewriteKeysStep,
  Step,
} from './step-types.ts';

/**
 * Decides where a rollback stops. Called once for every record, newest first. The first record for which it
 * returns true is the pivot: its group and everything older stay.
 *
 * `key` is a view that is valid only during the call: copy it to keep it.
 */
export type RollbackFilter = (table: string, key: Buffer, isPrimary: boolean) => boolean;

/** What to do with a table in which nothing matches. */
export type NoMatchPolicy = 'refuse' | 'keep' | 'delete';

/** What to do with records above a target that would stay, because lower ones were written after them. */
export type StragglerPolicy = 'refuse' | 'keep' | 'drop';

/** How much of the kept data is checked before a plan exists. */
export type CheckScope = 'all' | 'pivot';

/** One record, as a plan names it. */
export interface RecordRef {
  readonly segment: number;
  /** Number in its segment's key file, from 0, oldest first; every whole record counts. */
  readonly record: number;
  /** Byte offset in the segment's key file. */
  readonly offset: number;
  readonly kind: number;
  /** Hexadecimal. */
  readonly key: string;
  /** The key's meaning, where it is known: `block 1027`. */
  readonly label?: string;
}

/** A target by height in one table. Heights are decimal. */
export interface PlanHeights {
  readonly schema: string;
  readonly target: string;
  /** The highest height at or below the target that stays; null when none stays. */
  readonly lastKept: string | null;
  /**
   * Height of the oldest record above the target that goes; null when none goes. Records that are written late
   * count only if the cut falls before them (policy `drop`).
   */
  readonly firstRemoved: string | null;
  /** Heights at or below the target that go too, as ranges; only with the policy `drop`. */
  readonly alsoRemoved: {
    readonly records: number;
    readonly ranges: readonly (readonly [from: string, to: string])[];
    /** False when there were too many ranges to list: the last one then covers more than it should. */
    readonly complete: boolean;
  } | null;
}

/** Records above the target that stay, because lower ones were written after them. */
export interface KeptAbove {
  readonly records: number;
  readonly groups: number;
  /** Of a target by height: heights, decimal. Of one by time: when their segments were sealed, RFC 3339. */
  readonly lowest: string;
  readonly highest: string;
}

/** What stays or goes. */
export interface Amount {
  readonly segments: number;
  readonly records: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** What happens to one segment: for the bar in the report, and for programs that read a plan. */
export interface SegmentFate {
  readonly segment: number;
  readonly fate: 'kept' | 'cut' | 'removed' | 'orphan';
  readonly keptBytes: number;
  readonly removedBytes: number;
}

/**
 * `cut`: records are removed. `repair`: no record that the engine would serve is removed, but files must be
 * put in order. `delete`: nothing matched and the policy is delete. `keep`: nothing matched, stays.
 * `nothing`: nothing lies behind the target and nothing needs repair.
 */
export type TableOutcome = 'cut' | 'repair' | 'delete' | 'keep' | 'nothing';

/** The plan for one table. */
export interface TablePlan {
  readonly table: string;
  readonly outcome: TableOutcome;
  readonly watermark: number | null;
  readonly pivot: RecordRef | null;
  /** The newest record that stays (the end of the pivot's group). */
  readonly lastKept: RecordRef | null;
  /** The oldest record that goes. */
  readonly firstRemoved: RecordRef | null;
  /** The meaning of the target height here; null for other targets. */
  readonly heights: PlanHeights | null;
  /** The records that stay above the target; absent when there are none. */
  readonly keptAbove?: KeptAbove;
  readonly kept: Amount;
  readonly removed: Amount;
  readonly segments: readonly SegmentFate[];
  readonly removesKeymap: boolean;
  /** Segments that must also be dropped from copies of snapshots pushed elsewhere; null without snapshots. */
  readonly snapshotCopies: { readonly from: number; readonly through: number } | null;
  readonly notices: readonly string[];
  /**
   * Whether damage was found in the kept data and accepted: the verification after an apply then accepts it,
   * too.
   */
  readonly acceptedDamage: boolean;
  readonly steps: readonly Step[];
}

/** A height before and after a rollback; decimal. */
export interface HeightChange {
  readonly before: string;
  readonly after: string;
}

/**
 * What becomes of the log-index beside the receipts. `rewind`: it is taken back by one record. `nothing`: its newest
 * height is the target's or a lower one. `keep`: it is left as it is, and `reason` says why.
 */
export interface LogIndexPlan {
  /** Real path. */
  readonly dir: string;
  /** Number of the root whose area keeps undo data. */
  readonly root: number;
  /** Whether it lies beside that root, where resume and undo find it by themselves. */
  readonly beside: boolean;
  readonly verdict: 'rewind' | 'nothing' | 'keep';
  /**
   * `asked`: the caller wants it so. `target`: the target is not a height. `foreign`: no file in it is one of Pebble.
   * Null where it is not kept.
   */
  readonly reason: 'asked' | 'target' | 'foreign' | null;
  /** The newest and the oldest height as the node believes them (0: none); null where it was not read. */
  readonly newest: HeightChange | null;
  readonly oldest: HeightChange | null;
  /** Null unless it is taken back. */
  readonly step: RewindLogStep | null;
}

/** What a plan was made from: one entry for each file it depends on, `[root, path, size, mtimeNs, inode]`. */
export type FingerprintEntry = readonly [
  root: PlaceName,
  path: string,
  size: number,
  mtimeNs: string,
  ino: string,
];

/** A database that a plan covers. */
export interface PlanDatabase {
  /** `block store`, `receipt store`; null where only roots were given. */
  readonly name: string | null;
  /** Numbers of its roots. */
  readonly roots: readonly number[];
}

/** A rollback, as plain data. */
export interface RollbackPlan {
  readonly format: 'litt-rollback/plan';
  readonly version: 1;
  readonly id: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** The target in words, e.g. "the newest record with key 0a0b". */
  readonly target: string;
  /** True when the database was not locked while planning (`--no-lock`): cannot be applied. */
  readonly unlocked: boolean;
  /** True when it was planned beside the lock of a process that is alive, or may be. */
  readonly approximate: boolean;
  /** Real paths, in the order given. */
  readonly roots: readonly string[];
  /** Each root belongs to one of them; they are changed as one transaction. */
  readonly databases: readonly PlanDatabase[];
  readonly snapshotDir: string | null;
  readonly tables: readonly TablePlan[];
  /** Absent where no log-index was given or found, and where no receipts are planned. */
  readonly logIndex?: LogIndexPlan | undefined;
  /** Tables of the database that are outside `--table`: untouched. */
  readonly tablesOutside: readonly string[];
  readonly notices: readonly string[];
  readonly fingerprint: readonly FingerprintEntry[];
  /**
   * SHA-256 of everything else in the plan: it reveals an edited plan file, and identifies the plan in the
   * audit.
   */
  readonly digest: string;
}

/** How far a long piece of work has come. */
export interface Progress {
  readonly phase: 'scan' | 'heights' | 'check' | 'apply' | 'verify' | 'purge';
  /** Empty where the work is not of one table. */
  readonly table: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'steps' | 'segments' | 'rollbacks';
}
