/** Verifies a whole database: every segment's files, addresses, groups and counts. Reads only. */
import { surveySegment } from '../../streams/reverse-records.ts';
import { RollbackError } from '../errors.ts';
import { withCallbacks } from '../input/callbacks.ts';

import { is, refuseBadGroups, refuseBadRoots } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';

import { reachingTotals } from '../input/progress.ts';

import { someNames } from '../store/chain.ts';
import { readDatabase } from '../store/database.ts';
import { realFs } from '../store/durable-fs.ts';
import { refuseUnfinished } from '../store/open-transaction.ts';
import { resolveRoots } from '../store/roots.ts';
import { resolveSnapshotDir } from '../store/snapshot-dir.ts';
import type { RootGroups, Segment, Table } from '../store/types.ts';
import { tableUnknownError } from '../store/unknown-table.ts';
import type { Progress } from '../types.ts';
import { type LogIndexReport, verifyLogIndex } from './verify-log-index.ts';
import { snapshotFindings } from './verify-snapshots.ts';

/** One problem. */
export interface VerifyFinding {
  readonly table: string;
  readonly segment: number;
  readonly path: string;
  /** Byte offset in the file, where it is known. */
  readonly offset: number | null;
  readonly problem: string;
}

/** What a verification found. */
export interface VerifyReport {
  readonly tables: readonly {
    readonly table: string;
    readonly segments: number;
    readonly records: number;
    readonly keyBytes: number;
    readonly valueBytes: number;
    readonly findings: readonly VerifyFinding[];
  }[];
  /** Present only where a log-index was given. */
  readonly logIndex?: LogIndexReport;
  readonly ok: boolean;
  /** What was not looked at. */
  readonly notices?: readonly string[];
}

/** How to verify. */
export interface VerifyOptions {
  /** Which roots belong together, if the roots hold several databases; groupsOfHome() gives it. */
  readonly groups?: RootGroups | undefined;
  /** Only these tables; default all. */
  readonly tables?: readonly string[] | undefined;
  /** Where the engine publishes snapshots: the bounds there are held against the segments. */
  readonly snapshotDir?: string | undefined;
  /** The log-index beside the receipts; the `logIndex` of a home. */
  readonly logIndex?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const CHECKS: OptionChecks<VerifyOptions> = {
  groups: is.groups,
  tables: is.names,
  snapshotDir: is.text,
  logIndex: is.text,
  signal: is.signal,
  onProgress: is.function,
};

/**
 * Verifies the database in the given roots.
 * @throws RollbackError ERR_USAGE, ERR_CALLBACK_FAILED, what readDatabase throws (a chain that does not assemble), ERR_TABLE_UNKNOWN,
 * ERR_SNAPSHOT_DIR_WRONG, ERR_IO
 */
export async function verifyDatabase(
  roots: readonly string[],
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  refuseBadRoots(roots);
  refuseBadOptions('verifyDatabase', options, CHECKS);
  refuseBadGroups(options.groups, roots.length);
  refuseUnfinished(realFs, resolveRoots(realFs, roots));
  const database = readDatabase(realFs, roots, { groups: options.groups });
  const wanted = options.tables ?? [];
  const names = database.tables.map((t) => t.name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw tableUnknownError(unknown, names);
  const tables = database.tables.filter((t) => wanted.length === 0 || wanted.includes(t.name));
  const given = options.snapshotDir ?? 'none';
  const snapshotDir = given === 'none' ? null : resolveSnapshotDir(realFs, given, database.roots);
  const reports: VerifyReport['tables'][number][] = [];
  return withCallbacks(async (callbacks) => {
    const progress = reachingTotals(callbacks.guard('onProgress', options.onProgress));
    const reporting = { ...options, onProgress: progress.report };
    for (const table of tables) reports.push(await verifyTable(table, snapshotDir, reporting));
    progress.finish();
    const { logIndex: given, signal } = options;
    const logIndex = given === undefined ? null : await verifyLogIndex(realFs, given, tables, signal);
    const isBlind = options.snapshotDir === undefined && tables.some((t) => t.snapshots.length > 0);
    const notices = isBlind ? [BOUNDS_UNSEEN] : [];
    const ok = [...reports, ...(logIndex === null ? [] : [logIndex])].every((r) => r.findings.length === 0);
    return { tables: reports, ...(logIndex !== null && { logIndex }), ok, notices };
  });
}

const BOUNDS_UNSEEN =
  'The engine keeps snapshots of this database: their bounds are looked at with --snapshot-dir DIR';

async function verifyTable(
  table: Table,
  snapshotDir: string | null,
  options: VerifyOptions,
): Promise<VerifyReport['tables'][number]> {
  const findings: VerifyFinding[] = [];
  const total = table.segments.reduce((sum, s) => sum + s.keys.size, 0);
  let done = 0;
  let records = 0;
  let valueBytes = 0;
  for (const segment of table.segments) {
    const survey = await surveySegment(segment, {
      fs: realFs,
      signal: options.signal,
      onBytes: (bytes) => {
        done += bytes;
        options.onProgress?.({ phase: 'verify', table: table.name, done, total, unit: 'bytes' });
      },
    });
    records += survey.records - survey.droppedRecords;
    valueBytes += segment.values.reduce((sum, v) => sum + v.size, 0);
    findings.push(...findingsOf(table, segment, survey));
  }
  for (const finding of snapshotFindings(realFs, table, snapshotDir))
    findings.push({ table: table.name, offset: null, ...finding });
  for (const orphan of table.orphans) {
    const path = orphan.files[0]?.path ?? '';
    const { unfinished = [] } = orphan;
    const copies = unfinished.length === 0 ? '' : `; a copy was not finished: ${someNames(unfinished)}`;
    const problem = `the segment is incomplete: ${orphan.missing.join(', ')} missing (the engine drops it at its next start)${copies}`;
    findings.push({ table: table.name, segment: orphan.index, path, offset: null, problem });
  }
  return {
    table: table.name,
    segments: table.segments.length,
    records,
    keyBytes: total,
    valueBytes,
    findings,
  };
}

function findingsOf(
  table: Table,
  segment: Segment,
  survey: Awaited<ReturnType<typeof surveySegment>>,
): VerifyFinding[] {
  const at = { table: table.name, segment: segment.index, path: segment.keys.path };
  const findings: VerifyFinding[] = [];
  const { firstFault } = survey;
  if (firstFault !== null) {
    findings.push({
      ...at,
      offset: firstFault.offset,
      problem: `record ${firstFault.record}: ${firstFault.problem}`,
    });
  }
  const { sealed, keyCount } = segment.metadata;
  if (sealed && survey.records !== keyCount) {
    const problem = `${survey.records} records, but the metadata says ${keyCount}`;
    findings.push({ ...at, offset: survey.end, problem });
  }
  if (survey.droppedRecords > 0) {
    const problem = `${survey.droppedRecords} records of incomplete groups (the engine drops them when it seals)`;
    findings.push({ ...at, offset: survey.dropped[0]?.start ?? null, problem });
  }
  return findings;
}

/** The error of a verification that has found something. */
export function verifyFailedError({ tables, logIndex }: VerifyReport): RollbackError {
  const found = tables.filter((t) => t.findings.length > 0);
  const inIndex = logIndex?.findings.length ?? 0;
  const problems = found.reduce((sum, t) => sum + t.findings.length, inIndex);
  const names = [...found.map((t) => t.table), ...(inIndex > 0 ? ['the log-index'] : [])];
  return new RollbackError('ERR_VERIFY_FAILED', {
    what: `${problems} ${problems === 1 ? 'problem' : 'problems'} found in ${names.join(', ')}`,
    why: 'Files of the database contradict its format or each other',
    next: 'Compare with a backup; nothing was changed',
  });
}
