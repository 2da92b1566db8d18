/**
 * What lies beside a table's segments for snapshots, held against its newest segment. A bound or a link above it is left
 * of segments that have gone: the engine stops at one, or publishes the other as a new segment.
 */
import { basename, join } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import { LOWER_BOUND_FILE, parseBoundary, UPPER_BOUND_FILE } from '../format/boundary.ts';
import { segmentIndexOf } from '../format/file-names.ts';
import { readSmallFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Table } from '../store/types.ts';

const MAX_BOUND_BYTES = 256;

/** A problem, without its table. */
interface Finding {
  readonly segment: number;
  readonly path: string;
  readonly problem: string;
}

/** What the engine does about a bound above the newest segment. */
const CONSEQUENCES = {
  [UPPER_BOUND_FILE]: {
    opened: 'the engine refuses to open: this bound may only grow',
    emptied: 'the engine stops at its first new segment: this bound may only grow',
  },
  [LOWER_BOUND_FILE]: {
    opened: 'the engine leaves new segments up to that number out of its snapshots, without a word',
    emptied: 'the engine leaves new segments up to that number out of its snapshots, without a word',
  },
} as const;

/**
 * The problems of a table's bounds and links.
 * @param snapshotDir real path; null where it is not known, and its bounds are not looked at
 * @throws RollbackError ERR_IO
 */
export function snapshotFindings(fs: DurableFs, table: Table, snapshotDir: string | null): Finding[] {
  const newest = table.segments.at(-1)?.index ?? null;
  const findings = linkFindings(table, newest);
  if (snapshotDir === null) return findings;
  for (const name of [UPPER_BOUND_FILE, LOWER_BOUND_FILE] as const) {
    const path = join(snapshotDir, table.name, name);
    const finding = boundFinding(fs, path, name, newest);
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

/** The engine keeps such a link when it writes the segment of that number, and publishes it in its place. */
function linkFindings({ snapshots }: Table, newest: number | null): Finding[] {
  const linked = snapshots.flatMap(({ files }) => files);
  return linked.flatMap(({ path, rel }) => {
    const segment = segmentIndexOf(basename(rel));
    if (segment === null || newest === null || segment <= newest) return [];
    const problem = `a link to segment ${segment}, though the newest segment is ${newest}: the engine would publish it in place of its next segment of that number`;
    return [{ segment, path, problem }];
  });
}

function boundFinding(
  fs: DurableFs,
  path: string,
  name: keyof typeof CONSEQUENCES,
  newest: number | null,
): Finding | null {
  if (lstatOrNull(fs, path) === null) return null;
  let value: number;
  try {
    value = parseBoundary(readSmallFile(fs, path, MAX_BOUND_BYTES, 'ERR_BOUNDARY'));
  } catch (error) {
    if (!(error instanceof RollbackError)) throw ioError(error, path, 'read a boundary file');
    return { segment: newest ?? 0, path, problem: `${error.what}: where the snapshots end is not known` };
  }
  if (newest !== null && value <= newest) return null;
  const { opened, emptied } = CONSEQUENCES[name];
  const problem =
    newest === null
      ? `the bound is ${value}, and the table has no segment: ${emptied}`
      : `the bound is ${value}, and the newest segment is ${newest}: ${opened}`;
  return { segment: value, path, problem };
}
