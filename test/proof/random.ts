/** Random numbers that follow from a seed and a place: every input can be made again without those before it. */

const GOLDEN = 0x9e3779b1;

/** A small generator (sfc32). */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, stream: string, number: number) {
    this.a = seed >>> 0;
    this.b = Math.imul(number >>> 0, GOLDEN) >>> 0;
    this.c = hash(stream) ^ Math.floor(number / 0x1_0000_0000);
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** 0..2^32-1. */
  u32(): number {
    const t = (this.a + this.b + this.counter++) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** 0..limit-1; 0 when there is nothing to choose from. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.u32() % limit;
  }

  /** Whether something with `percent` probability happens. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of some things. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  /** At most `count` elements, in their order. */
  some<T>(list: readonly T[], count: number): readonly T[] {
    if (list.length <= count) return list;
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.below(list.length));
    return list.filter((_, i) => chosen.has(i));
  }

  /** Random bytes. */
  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.u32() & 0xff;
    return bytes;
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}
