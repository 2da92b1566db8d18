/**
 * Surveys a key file: one forward pass that leaves record-aligned checkpoints, so that the file can be read
 * from its end afterwards. It also keeps the state of the scan at some of them, so that "what do the first n
 * bytes hold?" needs no second pass. Memory: a few numbers for each block, whatever the file's size.
 */
import type { KeyRun } from '../format/key-records.ts';
import { partitionPoint } from '../format/partition-point.ts';
import { BlockReader, DEFAULT_BLOCK_BYTES } from './block-reader.ts';
import type { DurableFs } from './durable-fs.ts';
import { KeyScan } from './key-scan.ts';
import { breatheSometimes, closeAfterReading, openForReading, readFully, viewOf } from './reading.ts';
import type { DroppedRange, Fault, ScanRules } from './scan-findings.ts';

/** How much memory the kept scan states of one survey may take together. */
const CHECKPOINT_BUDGET_BYTES = 8 * 1024 * 1024;

/**
 * The least number of blocks between two kept scan states. The surveys of a table with thousands of segments
 * are all kept, and scanning so many blocks once more takes a few milliseconds.
 */
const CHECKPOINT_BLOCKS = 16;

/** The contents of a key file. Offsets are bytes. */
export interface KeySurvey {
  readonly path: string;
  /** File size. */
  readonly size: number;
  /** End of the last whole record; bytes after it belong to a torn one. */
  readonly end: number;
  /** Whole records, dropped ones included. */
  readonly records: number;
  /** Records that sealing would drop (unsealed segments only). */
  readonly droppedRecords: number;
  readonly dropped: readonly DroppedRange[];
  readonly firstFault: Fault | null;
  /** Start offset and first record number of each block; blocks hold whole records. */
  readonly blockStarts: readonly number[];
  readonly blockRecords: readonly number[];
  /** Largest block, in bytes. */
  readonly longestBlock: number;
  /** Largest value end by shard over all kept records. */
  readonly shardEnds: readonly number[];
  readonly checkpoints: readonly ScanCheckpoint[];
}

interface ScanCheckpoint {
  readonly offset: number;
  readonly scan: KeyScan;
}

/** How to make a survey. */
export interface SurveyOptions {
  readonly rules: ScanRules;
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the records of each block, dropped ones included, while they are in memory. */
  readonly onBlock?: ((run: KeyRun) => void) | undefined;
  /** Called with the bytes scanned since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** The contents of the first bytes of a key file. */
export interface Prefix {
  readonly records: number;
  readonly droppedRecords: number;
  readonly shardEnds: readonly number[];
}

/**
 * Surveys the key file of `size` bytes at `path`; a file that grows meanwhile is read up to `size`.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING (the file became shorter), ERR_INTERRUPTED
 */
export async function surveyKeys(
  fs: DurableFs,
  path: string,
  size: number,
  options: SurveyOptions,
): Promise<KeySurvey> {
  const survey = new Surveyor(path, size, options);
  const fd = openForReading(fs, path);
  try {
    for (let more = true; more; ) {
      const before = survey.offset;
      more = survey.step(fs, fd);
      options.onBytes?.(survey.offset - before);
      await breatheSometimes(options.signal);
    }
    options.onBytes?.(size - survey.offset);
  } finally {
    closeAfterReading(fs, fd, path);
  }
  return survey.result();
}

class Surveyor {
  private readonly scan: KeyScan;
  private readonly reader: BlockReader;
  private readonly blockStarts: number[] = [];
  private readonly blockRecords: number[] = [];
  private readonly snapshots: ScanCheckpoint[] = [];
  private longestBlock = 0;
  private readonly checkpointEvery: number;
  private readonly onBlock: SurveyOptions['onBlock'];

  constructor(
    private readonly path: string,
    private readonly size: number,
    options: SurveyOptions,
  ) {
    this.scan = new KeyScan(options.rules);
    this.onBlock = options.onBlock;
    const blockBytes = options.blockBytes ?? DEFAULT_BLOCK_BYTES;
    this.reader = new BlockReader(path, size, blockBytes);
    const checkpointBytes = 256 + 16 * options.rules.shardingFactor;
    const wanted = (size / blockBytes) * checkpointBytes;
    this.checkpointEvery = Math.max(CHECKPOINT_BLOCKS, Math.ceil(wanted / CHECKPOINT_BUDGET_BYTES));
  }

  get offset(): number {
    return this.reader.offset;
  }

  /** Reads and scans one block; false at the end of the file's whole records. */
  step(fs: DurableFs, fd: number): boolean {
    const { reader, offset } = this;
    const got = reader.read(fs, fd);
    if (got === 0) return false;
    const due = this.blockStarts.length % this.checkpointEvery === 0;
    const scan = due ? this.scan.fork() : null;
    const firstRecord = this.scan.records;
    const used = this.scan.feed(reader.view, 0, got, offset);
    if (used > 0) {
      this.onBlock?.({
        buffer: reader.buffer,
        offsets: this.scan.offsets,
        count: this.scan.records - firstRecord,
      });
      if (scan !== null) this.snapshots.push({ offset, scan });
      this.blockStarts.push(offset);
      this.blockRecords.push(firstRecord);
      if (used > this.longestBlock) this.longestBlock = used;
    }
    return reader.advance(got, used);
  }

  result(): KeySurvey {
    this.scan.finish(this.reader.offset);
    return {
      path: this.path,
      size: this.size,
      end: this.reader.offset,
      records: this.scan.records,
      droppedRecords: this.scan.findings.droppedRecords,
      dropped: this.scan.findings.dropped,
      firstFault: this.scan.findings.firstFault,
      blockStarts: this.blockStarts,
      blockRecords: this.blockRecords,
      longestBlock: this.longestBlock,
      shardEnds: [...this.scan.shardEnds],
      checkpoints: this.snapshots,
    };
  }
}

/**
 * The contents of the first `upTo` bytes; `upTo` must be the end of a group.
 * @throws RollbackError ERR_IO, ERR_CHANGED_WHILE_READING
 */
export function prefixOf(fs: DurableFs, survey: KeySurvey, upTo: number): Prefix {
  let from = survey.checkpoints[0];
  if (from === undefined || upTo === 0) {
    return { records: 0, droppedRecords: 0, shardEnds: survey.shardEnds.map(() => 0) };
  }
  for (const candidate of survey.checkpoints) if (candidate.offset <= upTo) from = candidate;
  const scan = from.scan.fork();
  const fd = openForReading(fs, survey.path);
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(survey.longestBlock, 1));
    const view = viewOf(buffer);
    for (let i = blockIndexAt(survey, from.offset); i < survey.blockStarts.length; i++) {
      const start = survey.blockStarts[i] as number;
      if (start >= upTo) break;
      const end = Math.min(blockEnd(survey, i), upTo);
      readFully(fs, fd, survey.path, buffer, start, end - start);
      scan.feed(view, 0, end - start, start);
    }
  } finally {
    closeAfterReading(fs, fd, survey.path);
  }
  scan.finish(upTo);
  return {
    records: scan.records,
    droppedRecords: scan.findings.droppedRecords,
    shardEnds: [...scan.shardEnds],
  };
}

/** End offset of block `i`. */
export function blockEnd(survey: KeySurvey, i: number): number {
  return survey.blockStarts[i + 1] ?? survey.end;
}

/** Index of the block that holds `offset` (the last one that starts at or before it). */
export function blockIndexAt(survey: KeySurvey, offset: number): number {
  const { blockStarts } = survey;
  return Math.max(0, partitionPoint(blockStarts.length, (i) => (blockStarts[i] as number) <= offset) - 1);
}
