/** Heights as ranges, in bounded memory. */

/** More ranges than a person reads. */
const MAX_RANGES = 10_000;

/** Collects heights in any order; fastest in a falling order. */
export class HeightRanges {
  /** Records that were added. */
  records = 0;
  /** False once there were too many ranges to keep; the outermost ones are then merged. */
  complete = true;
  private ranges: [bigint, bigint][] = [];

  /** Adds the height of one record. */
  add(height: bigint): void {
    this.records++;
    const last = this.ranges.at(-1);
    if (last !== undefined && height >= last[0] - 1n && height <= last[1] + 1n) {
      if (height < last[0]) last[0] = height;
      else if (height > last[1]) last[1] = height;
      return;
    }
    if (this.ranges.length === 2 * MAX_RANGES) this.shrink();
    this.ranges.push([height, height]);
  }

  /** The ranges, lowest first, with gaps between them. */
  sorted(): readonly (readonly [bigint, bigint])[] {
    this.merge();
    return this.ranges;
  }

  private merge(): void {
    const sorted = this.ranges.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    const merged: [bigint, bigint][] = [];
    for (const range of sorted) {
      const last = merged.at(-1);
      if (last !== undefined && range[0] <= last[1] + 1n) {
        if (range[1] > last[1]) last[1] = range[1];
      } else merged.push(range);
    }
    this.ranges = merged;
  }

  private shrink(): void {
    this.merge();
    if (this.ranges.length <= MAX_RANGES) return;
    this.complete = false;
    const kept = this.ranges.slice(0, MAX_RANGES);
    (kept.at(-1) as [bigint, bigint])[1] = (this.ranges.at(-1) as [bigint, bigint])[1];
    this.ranges = kept;
  }
}
