/** Which heights begin where: one pass over all key files of a table, oldest record first. */
import { type ForwardRun, forwardRuns } from '../../streams/forward-runs.ts';
import { recordNumber } from '../../streams/record-batch.ts';
import { isPrimaryAt } from '../format/key-records.ts';
import { HeightBuffer, heightAt, joinHalves } from '../schemas/heights.ts';
import { ROLE, type TableSchema } from '../schemas/types.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { Segment, Table } from '../store/types.ts';
import type { Progress } from '../types.ts';

/** Consecutive records whose heights never fall. */
export interface HeightPart {
  /** Number in its segment of the first one. */
  readonly record: number;
  /** Decimal, as all heights: 64 bits. */
  readonly first: string;
  readonly last: string;
}

/** The heights in one segment, from the records that mark where a height ends. */
export interface SegmentHeights {
  readonly segment: number;
  /** Records that the engine serves, or would after sealing. */
  readonly records: number;
  readonly groups: number;
  /** Records whose keys do not fit the schema; only `records` and `groups` count them. */
  readonly misfits: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly lowest: string | null;
  readonly highest: string | null;
  /** How often a height is below the one before it. */
  readonly falls: number;
  /** The parts between those places, oldest first; only the first few. */
  readonly parts: readonly HeightPart[];
  /** Whether its lowest height is below one of an older segment. */
  readonly belowOlder: boolean;
}

/** The most parts kept of one segment. */
export const MAX_PARTS = 16;

/** How to read. */
export interface ListOptions {
  readonly blockBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Lists the heights of a table, segment by segment.
 * @throws RollbackError ERR_SCHEMA_FAILED, ERR_IO, ERR_CHANGED_WHILE_READING, ERR_INTERRUPTED
 */
export async function listHeights(
  fs: DurableFs,
  table: Table,
  schema: TableSchema,
  options: ListOptions = {},
): Promise<readonly SegmentHeights[]> {
  const total = table.segments.reduce((sum, s) => sum + s.keys.size, 0);
  let done = 0;
  let highest: bigint | null = null;
  const heights = new HeightBuffer(schema);
  const listed: SegmentHeights[] = [];
  for (const segment of table.segments) {
    const list = new SegmentList(heights, highest);
    const onBytes = (bytes: number): void => {
      done += bytes;
      options.onProgress?.({ phase: 'scan', table: table.name, done, total, unit: 'bytes' });
    };
    const { blockBytes, signal } = options;
    for await (const run of forwardRuns({
      fs,
      segments: [segment],
      end: null,
      blockBytes,
      signal,
      onBytes,
    })) {
      list.add(run);
    }
    listed.push(list.result(segment));
    if (list.highest !== null && (highest === null || list.highest > highest)) highest = list.highest;
  }
  return listed;
}

type OpenPart = { -readonly [K in keyof HeightPart]: HeightPart[K] };

class SegmentList {
  highest: bigint | null = null;
  private lowest: bigint | null = null;
  private records = 0;
  private groups = 0;
  private misfits = 0;
  private falls = 0;
  private readonly parts: OpenPart[] = [];
  private first: bigint | null = null;
  /** Halves of the last height: a 64-bit number for every record would cost more than the rest. */
  private high = 0;
  private low = 0;

  constructor(
    private readonly heights: HeightBuffer,
    private readonly highestBefore: bigint | null,
  ) {}

  add(run: ForwardRun): void {
    const { heights } = this;
    heights.fill(run);
    const { roles, high, low } = heights;
    this.records += run.count;
    let end = -1;
    for (let i = 0; i < run.count; i++) {
      if (isPrimaryAt(run.buffer, run.offsets[i] as number)) this.groups++;
      const role = roles[i] as number;
      if (role === ROLE.misfit) this.misfits++;
      if (role !== ROLE.decides) continue;
      const [h, l] = [high[i] as number, low[i] as number];
      const isFall = h < this.high || (h === this.high && l < this.low);
      if (this.first === null || isFall) this.begin(run, i);
      this.high = h;
      this.low = l;
      end = i;
    }
    if (end >= 0) this.widen(heightAt(heights, end));
  }

  /** A part begins at record `i`, and the one before it ends. */
  private begin(run: ForwardRun, i: number): void {
    const height = heightAt(this.heights, i);
    if (this.first === null) this.first = height;
    else {
      this.falls++;
      this.endPart();
    }
    this.widen(height);
    if (this.parts.length === MAX_PARTS) return;
    this.parts.push({ record: recordNumber(run, i), first: String(height), last: '' });
  }

  /** The highest height of a part is its last one, and the lowest its first. */
  private endPart(): void {
    const last = joinHalves({ high: this.high, low: this.low });
    this.widen(last);
    const part = this.parts[this.falls - 1];
    if (part !== undefined) part.last = String(last);
  }

  private widen(height: bigint): void {
    if (this.lowest === null || height < this.lowest) this.lowest = height;
    if (this.highest === null || height > this.highest) this.highest = height;
  }

  result(segment: Segment): SegmentHeights {
    const last = this.first === null ? null : joinHalves({ high: this.high, low: this.low });
    const open = this.parts[this.falls];
    if (open !== undefined) open.last = String(last);
    const { lowest, highestBefore } = this;
    return {
      segment: segment.index,
      records: this.records,
      groups: this.groups,
      misfits: this.misfits,
      first: text(this.first),
      last: text(last),
      lowest: text(lowest),
      highest: text(this.highest),
      falls: this.falls,
      parts: this.parts,
      belowOlder: lowest !== null && highestBefore !== null && lowest < highestBefore,
    };
  }
}

const text = (height: bigint | null): string | null => (height === null ? null : String(height));
