/** Random harm to bytes and to JSON. */
import { ODD_NUMBERS, type Rng } from './rng.ts';

/** A few flipped, cut, doubled or overwritten bytes; now and then nothing but noise. */
export function mutateBytes(rng: Rng, original: Buffer): Buffer {
  if (rng.chance(3)) return rng.bytes(rng.below(200));
  let bytes: Buffer = Buffer.from(original);
  for (let times = 1 + rng.below(4); times > 0; times--) bytes = harm(rng, bytes);
  return bytes;
}

function harm(rng: Rng, bytes: Buffer): Buffer {
  const at = rng.below(bytes.length + 1);
  switch (rng.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return bytes.subarray(at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), rng.bytes(1 + rng.below(20)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 4:
      return Buffer.from(bytes).fill(
        rng.pick([0, 0xff, 0x20]),
        at,
        Math.min(at + 1 + rng.below(16), bytes.length),
      );
    default: {
      if (bytes.length === 0) return rng.bytes(1);
      const copy = Buffer.from(bytes);
      const target = Math.min(at, copy.length - 1);
      copy[target] = (copy[target] ?? 0) ^ (1 << rng.below(8));
      return copy;
    }
  }
}

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
export function oddValue(rng: Rng): unknown {
  switch (rng.below(8)) {
    case 0:
      return null;
    case 1:
      return rng.pick(ODD_NUMBERS);
    case 2:
      return [];
    case 3:
      return {};
    case 4:
      return rng.chance(50);
    case 5:
      return String(rng.pick(ODD_NUMBERS));
    case 6:
      return Array.from({ length: rng.below(4) }, () => rng.pick(ODD_NUMBERS));
    default:
      return rng.pick(ODD_TEXTS);
  }
}

type Container = Record<string, unknown> | unknown[];

/** A copy of a JSON document with one to three fields changed, removed, doubled or exchanged. */
export function mutateJson<T>(rng: Rng, document: T): T {
  const copy = structuredClone(document);
  for (let times = 1 + rng.below(3); times > 0; times--) {
    const places = placesIn(copy);
    const [container, key] = rng.pick(places) ?? [];
    if (container === undefined || key === undefined) continue;
    changeField(rng, container as Record<string, unknown>, key, places);
  }
  return copy;
}

function changeField(
  rng: Rng,
  container: Record<string, unknown>,
  key: string,
  places: readonly (readonly [Container, string])[],
): void {
  switch (rng.below(5)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      return;
    case 1: {
      const [other, name] = rng.pick(places);
      container[key] = structuredClone((other as Record<string, unknown>)[name]);
      return;
    }
    case 2:
      if (Array.isArray(container)) container.push(structuredClone(container[Number(key)]));
      else container[`${key}x`] = 1;
      return;
    default:
      container[key] = nearValue(rng, container[key]);
  }
}

/** A number beside the old one, a text that resembles it, or something else altogether. */
function nearValue(rng: Rng, old: unknown): unknown {
  if (typeof old === 'number' && rng.chance(60)) return old + rng.pick([-1, 1, 256, -256, 2 ** 32]);
  if (typeof old === 'string' && rng.chance(40)) {
    const at = rng.below(old.length + 1);
    return old.slice(0, at) + rng.pick(['0', 'f', '/', '..', 'x', '']) + old.slice(at + rng.below(2));
  }
  return oddValue(rng);
}

function placesIn(value: unknown, found: [Container, string][] = []): [Container, string][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Container, key]);
    placesIn((value as Record<string, unknown>)[key], found);
  }
  return found;
}
