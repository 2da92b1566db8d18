/**
 * A table's snapshots: hard links in `<table>/snapshot/`, and below the snapshot directory symbolic links to
 * them and two boundary files. Names of segments from the first changed one on must go: the engine would
 * publish an old link as the new segment. Everything older stays: `snapshot/` may hold the only copy of
 * segments that collection has removed.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import { formatBoundary, LOWER_BOUND_FILE, parseBoundary, UPPER_BOUND_FILE } from '../format/boundary.ts';
import { segmentIndexOf } from '../format/file-names.ts';
import { readSmallFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { listDirectory, lstatOrNull, SEGMENTS_DIR } from '../store/roots.ts';
import { snapshotDirError } from '../store/snapshot-dir.ts';
import type { Table } from '../store/types.ts';
import type { Step } from '../types.ts';
import { removeDirectory, removeFile } from './steps.ts';

const MAX_BOUND_BYTES = 256;

/** The change of a table's chain, as far as snapshots need it. */
export interface ChainFate {
  /** Highest segment afterwards; null when none is left. */
  readonly highest: number | null;
  /** Lowest segment whose content changes or goes; null when none does. */
  readonly firstChanged: number | null;
}

/** The changes to a table's snapshots. */
export interface SnapshotWork {
  readonly steps: readonly Step[];
  /** Highest segment that snapshots have ever published, as far as the bounds and links show. */
  readonly published: number | null;
}

/**
 * Refuses a table with snapshots when the snapshot directory was not given.
 * @throws RollbackError ERR_SNAPSHOT_DIR_NEEDED, ERR_SNAPSHOT_DIR_WRONG
 */
export function refuseMissingSnapshotDir(
  fs: DurableFs,
  table: Table,
  snapshotDir: string | 'none' | null,
): void {
  const first = table.snapshots[0];
  if (first === undefined || snapshotDir === 'none') return;
  if (snapshotDir === null) {
    throw new RollbackError(
      'ERR_SNAPSHOT_DIR_NEEDED',
      {
        what: 'The table has a snapshot directory, so the engine was told to keep snapshots somewhere',
        why: 'The boundary files there must follow a rollback, or the engine refuses to start',
        next: 'Pass that directory with --snapshot-dir DIR, or --snapshot-dir none when it is gone for good',
      },
      { table: table.name, path: first.path },
    );
  }
  if (lstatOrNull(fs, join(snapshotDir, table.name))?.kind !== 'directory') {
    throw snapshotDirError(
      join(snapshotDir, table.name),
      `The snapshot directory has nothing of table ${table.name}`,
    );
  }
}

/**
 * The steps that bring a table's snapshots in line.
 * @param snapshotDir real path, or null when there is none
 * @throws RollbackError ERR_BOUNDARY, ERR_SYMBOLIC_LINK, ERR_IO
 */
export function planSnapshots(
  fs: DurableFs,
  table: Table,
  snapshotDir: string | null,
  fate: ChainFate,
): SnapshotWork {
  const keepBelow = fate.highest === null ? 0 : (fate.firstChanged ?? fate.highest + 1);
  const links = hardLinkSteps(table, fate, keepBelow);
  let published = links.published;
  let steps = links.steps;
  if (snapshotDir !== null && lstatOrNull(fs, join(snapshotDir, table.name)) !== null) {
    const outside = new PublishedTable(fs, snapshotDir, table.name);
    const upper = outside.bound(UPPER_BOUND_FILE);
    const lower = outside.bound(LOWER_BOUND_FILE);
    // The limit is below the first changed segment: the engine leaves out segments at or below the lower bound.
    const limit = keepBelow === 0 ? null : keepBelow - 1;
    steps = [
      ...steps,
      ...outside.linkSteps(keepBelow),
      ...outside.capSteps(LOWER_BOUND_FILE, lower, limit),
      ...outside.capSteps(UPPER_BOUND_FILE, upper, fate.highest),
    ];
    if (upper !== null) published = Math.max(published ?? 0, upper.value);
  }
  return { steps, published };
}

function hardLinkSteps(
  table: Table,
  fate: ChainFate,
  keepBelow: number,
): { steps: Step[]; published: number | null } {
  const steps: Step[] = [];
  let published: number | null = null;
  for (const snapshot of table.snapshots) {
    for (const file of snapshot.files) {
      const index = segmentIndexOf(basename(file.rel));
      if (index === null) continue;
      published = Math.max(published ?? 0, index);
      if (fate.highest !== null && index >= keepBelow)
        steps.push(removeFile(table.name, file, 'snapshot', index));
    }
    if (fate.highest === null) steps.push(removeDirectory(table.name, snapshot, 'snapshot'));
  }
  return { steps, published };
}

interface Bound {
  readonly value: number;
  readonly bytes: Buffer;
}

/** One table below the snapshot directory. */
class PublishedTable {
  private readonly dir: string;

  constructor(
    private readonly fs: DurableFs,
    snapshotDir: string,
    private readonly table: string,
  ) {
    this.dir = join(snapshotDir, table);
    if (fs.lstat(this.dir).kind !== 'directory') throw linkedSnapshotError(this.dir, table);
  }

  bound(name: string): Bound | null {
    const path = join(this.dir, name);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) return null;
    if (stat.kind !== 'file') throw linkedSnapshotError(path, this.table);
    try {
      const bytes = readSmallFile(this.fs, path, MAX_BOUND_BYTES);
      return { value: parseBoundary(bytes), bytes };
    } catch (error) {
      if (error instanceof RollbackError) throw error.at({ path, table: this.table });
      throw ioError(error, path, 'read a boundary file');
    }
  }

  /** Lowers a bound to `limit`; removes it when nothing is left below. */
  capSteps(
    name: typeof UPPER_BOUND_FILE | typeof LOWER_BOUND_FILE,
    bound: Bound | null,
    limit: number | null,
  ): Step[] {
    if (bound === null || (limit !== null && bound.value <= limit)) return [];
    const file = { root: 'snapshots', path: `${this.table}/${name}` } as const;
    if (limit === null) {
      return [{ op: 'remove-file', table: this.table, file, size: bound.bytes.length, reason: 'bound' }];
    }
    const reason = name === UPPER_BOUND_FILE ? 'upper-bound' : 'lower-bound';
    const after = formatBoundary(limit).toString('hex');
    return [
      { op: 'replace-file', table: this.table, file, reason, before: bound.bytes.toString('hex'), after },
    ];
  }

  /** Removes links to segments from `keepBelow` on, and broken links. */
  linkSteps(keepBelow: number): Step[] {
    const dir = join(this.dir, SEGMENTS_DIR);
    const stat = lstatOrNull(this.fs, dir);
    if (stat === null) return [];
    if (stat.kind !== 'directory') throw linkedSnapshotError(dir, this.table);
    const steps: Step[] = [];
    for (const name of listDirectory(this.fs, dir)) {
      const path = join(dir, name);
      if (lstatOrNull(this.fs, path)?.kind !== 'link') continue;
      const target = this.fs.readlink(path);
      const index = segmentIndexOf(name);
      const stale = index !== null && index >= keepBelow;
      if (!stale && lstatOrNull(this.fs, resolve(dirname(path), target)) !== null) continue;
      const file = { root: 'snapshots', path: `${this.table}/${SEGMENTS_DIR}/${name}` } as const;
      steps.push({ op: 'remove-link', table: this.table, file, target });
    }
    return steps;
  }
}

function linkedSnapshotError(path: string, table: string): RollbackError {
  return new RollbackError(
    'ERR_SYMBOLIC_LINK',
    {
      what: 'Something in the snapshot directory is not what the engine puts there',
      why: 'Following it could change files elsewhere',
      next: 'Check that this is the right snapshot directory',
    },
    { path, table },
  );
}
