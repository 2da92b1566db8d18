/** Heights of runs of records, by either form of a schema. */
import { isPrimaryAt } from '../format/key-records.ts';
import { keyViewAt } from '../format/key-view.ts';
import { callUserCode } from '../user-code.ts';
import { type DecodedKey, type KeyRun, ROLE, type RunHeights, type TableSchema } from './types.ts';

/** A height in two halves, as loops need it. */
export interface HalvedHeight {
  readonly high: number;
  readonly low: number;
}

/** The halves of a height. */
export function halve(height: bigint): HalvedHeight {
  return { high: Number(height >> 32n), low: Number(height & 0xffff_ffffn) };
}

/** The height from two halves. */
export function joinHalves({ high, low }: HalvedHeight): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** The height of record `i`. */
export function heightAt(heights: RunHeights, i: number): bigint {
  return joinHalves({ high: heights.high[i] as number, low: heights.low[i] as number });
}

/** Whether the height of record `a` is below that of record `b`. */
export function isBelow({ high, low }: RunHeights, a: number, b: number): boolean {
  const ha = high[a] as number;
  const hb = high[b] as number;
  return ha < hb || (ha === hb && (low[a] as number) < (low[b] as number));
}

/** Whether the height of record `i` is at or below a limit. */
export function isWithin({ high, low }: RunHeights, i: number, limit: HalvedHeight): boolean {
  const h = high[i] as number;
  return h < limit.high || (h === limit.high && (low[i] as number) <= limit.low);
}

/** Room for the heights of runs of records; it grows, and is reused from run to run. */
export class HeightBuffer implements RunHeights {
  high = new Uint32Array(0);
  low = new Uint32Array(0);
  roles = new Uint8Array(0);

  constructor(private readonly schema: TableSchema) {}

  /** Fills in the heights of a run. What the schema throws is thrown. */
  fill(run: KeyRun): void {
    if (this.roles.length < run.count) {
      this.high = new Uint32Array(run.count);
      this.low = new Uint32Array(run.count);
      this.roles = new Uint8Array(run.count);
    }
    if (this.schema.heights !== undefined) this.schema.heights(run, this);
    // Only schemas of users have no form of their own for runs.
    else callUserCode(() => this.decodeEach(run));
  }

  private decodeEach(run: KeyRun): void {
    for (let i = 0; i < run.count; i++) {
      const decoded = decodeAt(this.schema, run, i);
      this.roles[i] = roleOf(decoded);
      if (decoded === null || decoded.height === null) continue;
      const { high, low } = halve(decoded.height);
      this.high[i] = high;
      this.low[i] = low;
    }
  }
}

/** Decodes the key of record `i`; null when it does not fit the schema. */
export function decodeAt(schema: TableSchema, { buffer, offsets }: KeyRun, i: number): DecodedKey | null {
  const at = offsets[i] as number;
  return schema.decode(keyViewAt(buffer, at), isPrimaryAt(buffer, at));
}

/** The role of a decoded key's height. */
export function roleOf(decoded: DecodedKey | null): number {
  if (decoded === null) return ROLE.misfit;
  const { height, decides } = decoded;
  if (height === null) return ROLE.none;
  return (decides ?? true) ? ROLE.decides : ROLE.counts;
}
