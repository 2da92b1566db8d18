/** Heights at the two ends of a table, without reading what lies between them. */
import { forwardRuns } from '../../streams/forward-runs.ts';
import { RollbackError } from '../errors.ts';
import { decodeAt, HeightBuffer } from '../schemas/heights.ts';
import { type KeyRun, ROLE, type TableSchema } from '../schemas/types.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lastRecords } from '../store/key-tail.ts';
import type { Segment, Table } from '../store/types.ts';

/** A record that has a height. */
export interface HeightEnd {
  /** Decimal: 64 bits. */
  readonly height: string;
  readonly label: string;
  readonly segment: number;
}

/** The heights at the ends of a table. Heights in between may be lower or higher. */
export interface HeightEnds {
  /** The oldest and the newest record with a height; null when none was found near the end. */
  readonly oldest: HeightEnd | null;
  readonly newest: HeightEnd | null;
  /** Whether all keys that were read fit the schema. */
  readonly fits: boolean;
  /** Why they could not be read. */
  readonly problem: string | null;
}

/** Key files up to this size are read whole. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** Segments read at each end: some hold no record, or none with a height. */
const SEGMENTS = 8;

/**
 * Reads the first records of the oldest segment that the engine serves, and the last ones of the newest.
 * @param wholeBytes key files up to this size are read whole; of larger ones only the ends
 * @throws RollbackError ERR_SCHEMA_FAILED, ERR_INTERRUPTED
 */
export async function heightEnds(
  fs: DurableFs,
  table: Table,
  schema: TableSchema,
  wholeBytes: number = WHOLE_BYTES,
): Promise<HeightEnds> {
  const served = table.segments.filter((s) => s.index >= (table.watermark ?? 0) && s.keys.size > 0);
  const search = new EndSearch(fs, schema, wholeBytes);
  try {
    const oldest = await search.find(served.slice(0, SEGMENTS), 'first');
    const newest = await search.find(served.slice(-SEGMENTS).reverse(), 'last');
    return { oldest, newest, fits: search.fits, problem: null };
  } catch (error) {
    const isTold =
      error instanceof RollbackError &&
      (error.code === 'ERR_IO' || error.code === 'ERR_CHANGED_WHILE_READING');
    if (!isTold) throw error;
    return { oldest: null, newest: null, fits: search.fits, problem: error.message };
  }
}

class EndSearch {
  fits = true;
  private readonly heights: HeightBuffer;

  constructor(
    private readonly fs: DurableFs,
    private readonly schema: TableSchema,
    private readonly wholeBytes: number,
  ) {
    this.heights = new HeightBuffer(schema);
  }

  async find(segments: readonly Segment[], which: 'first' | 'last'): Promise<HeightEnd | null> {
    for (const segment of segments) {
      const isWhole = segment.keys.size <= this.wholeBytes;
      const found = isWhole ? await this.inWhole(segment, which) : await this.inPart(segment, which);
      // The middle of a large file is not read, and an older segment would give a wrong height.
      if (found !== null || !isWhole) return found;
    }
    return null;
  }

  private async inWhole(segment: Segment, which: 'first' | 'last'): Promise<HeightEnd | null> {
    let found: HeightEnd | null = null;
    for await (const run of forwardRuns({ fs: this.fs, segments: [segment], end: null })) {
      found = this.inRun(run, segment, which) ?? found;
      if (found !== null && which === 'first') break;
    }
    return found;
  }

  private async inPart(segment: Segment, which: 'first' | 'last'): Promise<HeightEnd | null> {
    const { path, size } = segment.keys;
    if (which === 'last') {
      return this.inRun(lastRecords(this.fs, path, size, segment.index), segment, which);
    }
    // Read as if it were sealed: to know what sealing drops, the whole file would have to be read.
    const sealed = { ...segment, metadata: { ...segment.metadata, sealed: true } };
    for await (const run of forwardRuns({ fs: this.fs, segments: [sealed], end: null })) {
      return this.inRun(run, segment, which);
    }
    return null;
  }

  private inRun(run: KeyRun, { index }: Segment, which: 'first' | 'last'): HeightEnd | null {
    this.heights.fill(run);
    const roles = this.heights.roles.subarray(0, run.count);
    if (roles.includes(ROLE.misfit)) this.fits = false;
    const i = which === 'first' ? roles.indexOf(ROLE.decides) : roles.lastIndexOf(ROLE.decides);
    const decoded = i < 0 ? null : decodeAt(this.schema, run, i);
    if (decoded === null || decoded.height === null) return null;
    return { height: String(decoded.height), label: decoded.label, segment: index };
  }
}
