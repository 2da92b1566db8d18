/** Sealed documents, changed field by field, with a right checksum: what no accident makes, and other versions do. */
import { createHash } from 'node:crypto';

/** A document that differs from another one in one field. */
export interface Forgery {
  /** Which field, and how. */
  readonly name: string;
  readonly bytes: () => Buffer;
}

/** A line of JSON and its checksum. */
export function seal(value: unknown): Buffer {
  const json = JSON.stringify(value ?? null);
  return Buffer.from(`${json}\nsha256 ${createHash('sha256').update(json).digest('hex')}\n`);
}

/** The value of a sealed document; undefined when it is none. */
export function unseal(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').split('\n')[0] ?? '');
  } catch {
    return undefined;
  }
}

/** Every field changed in every way; of the entries of a list those of each sort once. */
export function forgeries(bytes: Buffer): Forgery[] {
  const value = unseal(bytes);
  if (value === undefined) return [];
  const made = new Map<string, Forgery>();
  for (const { at, sort, old } of fieldsOf(value)) {
    for (const [how, change] of Object.entries(CHANGES)) {
      const name = `${sort} ${how}`;
      const changed = made.has(name) ? undefined : change(old);
      if (changed !== undefined) made.set(name, { name, bytes: () => seal(replaced(value, at, changed)) });
    }
  }
  return [...made.values()];
}

interface Field {
  readonly at: readonly string[];
  /** The path with list indices left out. */
  readonly sort: string;
  readonly old: unknown;
}

function fieldsOf(value: unknown, at: readonly string[] = [], sort = ''): Field[] {
  const own = { at, sort, old: value };
  if (typeof value !== 'object' || value === null) return [own];
  // Entries of different operations are different documents.
  const op = (value as { op?: unknown }).op;
  const within = typeof op === 'string' ? `${sort}(${op})` : sort;
  const fields = Object.entries(value).flatMap(([key, child]) =>
    fieldsOf(child, [...at, key], Array.isArray(value) ? `${within}[]` : `${within}.${key}`),
  );
  return [own, ...fields];
}

const LEFT_OUT = Symbol('left out');

/** Gives the new value of a field; undefined where that would be the old one. */
const CHANGES: Readonly<Record<string, (old: unknown) => unknown>> = {
  'left out': () => LEFT_OUT,
  null: (old) => (old === null ? undefined : null),
  another: (old) => {
    if (typeof old === 'number') return old + 1;
    if (typeof old === 'boolean') return !old;
    return typeof old === 'string' && old !== ''
      ? old.replace(/.$/, (c) => (c === '7' ? '8' : '7'))
      : undefined;
  },
  less: (old) => {
    if (typeof old === 'number') return old - 1;
    return Array.isArray(old) && old.length > 0 ? old.slice(0, -1) : undefined;
  },
  twice: (old) => (Array.isArray(old) && old.length > 0 ? [...old, old.at(-1)] : undefined),
  'of another type': (old) => (typeof old === 'string' ? 7 : 'seven'),
  'leading out': (old) => (typeof old === 'string' ? `../${old}` : undefined),
  'with more in it': (old) =>
    typeof old === 'object' && old !== null && !Array.isArray(old) ? { ...old, more: 7 } : undefined,
};

/** A copy in which one field is another. */
function replaced(value: unknown, at: readonly string[], changed: unknown): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return changed === LEFT_OUT ? null : changed;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  if (rest.length === 0 && changed === LEFT_OUT) delete copy[key];
  else copy[key] = replaced(copy[key], rest, changed);
  return copy;
}
