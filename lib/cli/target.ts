/** The target of a rollback: from an argument, a file of keys, or a module with a filter. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasErrno, RollbackError } from '../errors.ts';
import { parseHex } from '../format/printable.ts';
import type { Target } from '../rollback/target.ts';
import type { RollbackFilter } from '../types.ts';
import type { TargetOptions } from './source-options.ts';

/** Reads whichever target was given; there must be exactly one. */
export async function readTarget(options: TargetOptions): Promise<Target> {
  if (options.key !== undefined) return { kind: 'key', key: parseHex(options.key) };
  if (options.keysFile !== undefined) {
    return { kind: 'keys', keys: await readKeysFile(options.keysFile), name: options.keysFile };
  }
  if (options.filter !== undefined) {
    return { kind: 'filter', filter: await loadFilter(options.filter), name: options.filter };
  }
  return { kind: 'drop-last', groups: options.dropLast! };
}

/** `{"table": ["hexkey", ...]}` */
async function readKeysFile(path: string): Promise<Record<string, Uint8Array[]>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(`The file of keys cannot be read: ${errnoOf(error)}`, path, error);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw unreadable(`The file of keys is not JSON: ${(error as Error).message}`, path, error);
  }
  if (!isObject(parsed)) throw unreadable('The file of keys is not a JSON object', path);
  const entries = Object.entries(parsed).map(([table, keys]) => [table, keysOf(table, keys, path)] as const);
  return Object.fromEntries(entries);
}

function keysOf(table: string, keys: unknown, path: string): Uint8Array[] {
  if (!Array.isArray(keys)) throw unreadable(`The keys of table ${table} are not a list`, path);
  return keys.map((key: unknown, i) => {
    if (typeof key !== 'string') throw unreadable(`Key ${i + 1} of table ${table} is not a text`, path);
    try {
      return parseHex(key);
    } catch (error) {
      throw unreadable(`Key ${i + 1} of table ${table} is not hexadecimal`, path, error);
    }
  });
}

/** The default export of an ES module. */
async function loadFilter(path: string): Promise<RollbackFilter> {
  const url = pathToFileURL(resolve(path)).href;
  let module: { default?: unknown };
  try {
    module = (await import(url)) as { default?: unknown };
  } catch (error) {
    const why = hasErrno(error, 'ERR_MODULE_NOT_FOUND') ? 'there is no such module' : messageOf(error);
    throw unreadable(`The filter module cannot be loaded: ${why}`, path, error);
  }
  const filter = module.default;
  if (typeof filter !== 'function') {
    throw unreadable('The filter module has no function as its default export', path);
  }
  if (filter.constructor.name !== 'Function') {
    throw unreadable('The default export of the filter module is not a plain function', path);
  }
  return filter as RollbackFilter;
}

function unreadable(what: string, path: string, cause?: unknown): RollbackError {
  return new RollbackError('ERR_TARGET_UNREADABLE', { what, next: HINT }, { path }, cause);
}

const HINT =
  'A file of keys reads {"table": ["hexkey"]}; a filter module reads ' +
  '`export default (table, key, isPrimary) => boolean`';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error);
