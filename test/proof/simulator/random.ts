/** Random numbers that a seed brings back. */

/** Draws whole numbers. */
export class Random {
  private state: number;

  constructor(...seeds: number[]) {
    this.state = 0;
    for (const seed of seeds) this.state = Math.imul(this.state ^ (seed | 0), 0x9e3779b1) + 0x7f4a7c15;
  }

  /** At least 0, less than `below`. */
  next(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean {
    return this.next(100) < percent;
  }

  /** At most `count` elements, in their order. */
  some<T>(list: readonly T[], count: number): readonly T[] {
    if (list.length <= count) return list;
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.next(list.length));
    return list.filter((_, i) => chosen.has(i));
  }
}
