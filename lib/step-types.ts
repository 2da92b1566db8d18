/**
 * The steps of a plan: plain data. Sizes and offsets are bytes. What they mean for the files is in lib/journal.
 */

/** Which directory a path is relative to: a root (its number), the snapshot directory, or the log-index. */
export type PlaceName = number | 'snapshots' | 'log-index';

/** A file named relative to one of the plan's roots (its number) or to the snapshot directory. */
export interface FileRef {
  readonly root: number | 'snapshots';
  /** Relative, with `/`, never leaving its root. */
  readonly path: string;
}

interface StepBase {
  readonly table: string;
  readonly file: FileRef;
}

/** Remove one regular file of exactly `size` bytes. */
export interface RemoveFileStep extends StepBase {
  readonly op: 'remove-file';
  readonly size: number;
  readonly reason: 'newer' | 'orphan' | 'leftover' | 'deleted' | 'watermark' | 'bound' | 'snapshot';
  /** Segment that the file belongs to, if any. */
  readonly segment?: number;
}

/** Remove one symbolic link below the snapshot directory. */
export interface RemoveLinkStep extends StepBase {
  readonly op: 'remove-link';
  readonly target: string;
}

/** Remove a directory with all it holds: one rename out of the way, then the deletion. */
export interface RemoveDirectoryStep extends StepBase {
  readonly op: 'remove-directory';
  readonly reason: 'keymap' | 'snapshot';
}

/** Cut a file from `from` to `to` bytes; the first `to` bytes stay untouched. */
export interface CutFileStep extends StepBase {
  readonly op: 'cut-file';
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

/** Rewrite a key file from ranges `[start, end)` of the old one: sealing drops groups inside it. */
export interface RewriteKeysStep extends StepBase {
  readonly op: 'rewrite-keys';
  readonly segment: number;
  readonly from: number;
  readonly to: number;
  readonly keep: readonly (readonly [number, number])[];
}

/** Replace the content of a small file (metadata, boundary file); contents in hex. */
export interface ReplaceFileStep extends StepBase {
  readonly op: 'replace-file';
  readonly reason: 'metadata' | 'upper-bound' | 'lower-bound';
  readonly before: string;
  readonly after: string;
  readonly segment?: number;
}

/**
 * Put one record into the logs of the log-index: as one more log, or at the end of the newest one, which is then
 * replaced under its name.
 */
export interface RewindLogStep {
  readonly op: 'rewind-log';
  /** The table of receipts that it goes with. */
  readonly table: string;
  readonly file: { readonly root: 'log-index'; readonly path: string };
  /** Size of the log that it replaces (bytes); null for one more log. */
  readonly from: number | null;
  /** Bytes of that log that stay in front. */
  readonly keep: number;
  /** What comes behind them, in hex. */
  readonly append: string;
}

/** One idempotent change of a table; a plan's steps are carried out in order. */
export type Step =
  | RemoveFileStep
  | RemoveLinkStep
  | RemoveDirectoryStep
  | CutFileStep
  | RewriteKeysStep
  | ReplaceFileStep;

/** One idempotent change. That of the log-index comes after those of the tables. */
export type AnyStep = Step | RewindLogStep;
