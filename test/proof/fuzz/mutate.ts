/** Random harm to bytes and to JSON. */
import type { Random } from '../random.ts';

/** A few flipped, cut, doubled or overwritten bytes; now and then nothing but noise. */
export function mutateBytes(random: Random, original: Buffer): Buffer {
  if (random.chance(3)) return random.bytes(random.below(200));
  let bytes: Buffer = Buffer.from(original);
  for (let times = 1 + random.below(4); times > 0; times--) bytes = harm(random, bytes);
  return bytes;
}

function harm(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  switch (random.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return bytes.subarray(at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(20)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 4:
      return Buffer.from(bytes).fill(
        random.pick([0, 0xff, 0x20]),
        at,
        Math.min(at + 1 + random.below(16), bytes.length),
      );
    default: {
      if (bytes.length === 0) return random.bytes(1);
      const copy = Buffer.from(bytes);
      const target = Math.min(at, copy.length - 1);
      copy[target] = (copy[target] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
  }
}

/** Numbers at which programs go wrong. */
export const ODD_NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 2,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  1e308,
  0.5,
  -1e9,
];

const ODD_TEXTS: readonly string[] = [
  '',
  '..',
  '/',
  '../../etc/passwd',
  'a/../../b',
  '\0',
  '\u001b[31m',
  '__proto__',
  'constructor',
  '00',
  '-1',
  '99999999999999999999999',
  '(a+)+$',
  'x'.repeat(5000),
  'ü/\ud800',
];

/** Any value in place of any other. */
export function oddValue(random: Random): unknown {
  switch (random.below(8)) {
    case 0:
      return null;
    case 1:
      return random.pick(ODD_NUMBERS);
    case 2:
      return [];
    case 3:
      return {};
    case 4:
      return random.chance(50);
    case 5:
      return String(random.pick(ODD_NUMBERS));
    case 6:
      return Array.from({ length: random.below(4) }, () => random.pick(ODD_NUMBERS));
    default:
      return random.pick(ODD_TEXTS);
  }
}

type Container = Record<string, unknown> | unknown[];

/** A copy of a JSON document with one to three fields changed, removed, doubled or exchanged. */
export function mutateJson<T>(random: Random, document: T): T {
  const copy = structuredClone(document);
  for (let times = 1 + random.below(3); times > 0; times--) {
    const places = placesIn(copy);
    const [container, key] = random.pick(places) ?? [];
    if (container === undefined || key === undefined) continue;
    changeField(random, container as Record<string, unknown>, key, places);
  }
  return copy;
}

function changeField(
  random: Random,
  container: Record<string, unknown>,
  key: string,
  places: readonly (readonly [Container, string])[],
): void {
  switch (random.below(5)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      return;
    case 1: {
      const [other, name] = random.pick(places);
      container[key] = structuredClone((other as Record<string, unknown>)[name]);
      return;
    }
    case 2:
      if (Array.isArray(container)) container.push(structuredClone(container[Number(key)]));
      else container[`${key}x`] = 1;
      return;
    default:
      container[key] = nearValue(random, container[key]);
  }
}

/** A number beside the old one, a text that resembles it, or something else altogether. */
function nearValue(random: Random, old: unknown): unknown {
  if (typeof old === 'number' && random.chance(60)) return old + random.pick([-1, 1, 256, -256, 2 ** 32]);
  if (typeof old === 'string' && random.chance(40)) {
    const at = random.below(old.length + 1);
    return old.slice(0, at) + random.pick(['0', 'f', '/', '..', 'x', '']) + old.slice(at + random.below(2));
  }
  return oddValue(random);
}

function placesIn(value: unknown, found: [Container, string][] = []): [Container, string][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Container, key]);
    placesIn((value as Record<string, unknown>)[key], found);
  }
  return found;
}
