/** The target of a rollback: from an argument, a file of keys, or a module with a filter. */
import { readFile } from 'node:fs/promises';
import { describeErrno } from '../errno.ts';
import { errnoOf, hasErrno, RollbackError } from '../errors.ts';
import { parseHex } from '../format/printable.ts';
import type { Target } from '../planner/target.ts';
import type { RollbackFilter } from '../types.ts';
import { loadDefault } from './load-module.ts';
import type { GivenTime } from './option-values.ts';

/** Where the rollback stops; exactly one of these. */
export interface TargetOptions {
  readonly height?: bigint;
  readonly key?: string;
  readonly keysFile?: string;
  readonly before?: GivenTime;
  readonly dropLast?: number;
  readonly keepFirst?: number;
  readonly filter?: string;
}

/** Reads the given target; there must be exactly one. */
export async function readTarget(options: TargetOptions): Promise<Target> {
  if (options.height !== undefined) return { kind: 'height', height: options.height };
  if (options.before !== undefined) return { kind: 'before', time: options.before.time };
  if (options.keepFirst !== undefined) return { kind: 'keep-first', groups: options.keepFirst };
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
    throw unreadableInputError(`The file of keys ${unreadable(error)}`, path, error);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw unreadableInputError(`The file of keys is not JSON: ${(error as Error).message}`, path, error);
  }
  if (!isObject(parsed)) throw unreadableInputError('The file of keys is not a JSON object', path);
  const entries = Object.entries(parsed).map(([table, keys]) => [table, keysOf(table, keys, path)] as const);
  return Object.fromEntries(entries);
}

function keysOf(table: string, keys: unknown, path: string): Uint8Array[] {
  if (!Array.isArray(keys)) throw unreadableInputError(`The keys of table ${table} are not a list`, path);
  return keys.map((key: unknown, i) => {
    if (typeof key !== 'string')
      throw unreadableInputError(`Key ${i + 1} of table ${table} is not a text`, path);
    try {
      return parseHex(key);
    } catch (error) {
      throw unreadableInputError(`Key ${i + 1} of table ${table} is not hexadecimal`, path, error);
    }
  });
}

/** A function as the default export of a module. */
async function loadFilter(path: string): Promise<RollbackFilter> {
  const filter = await loadDefault(path, (what, cause, why) =>
    unreadableInputError(`The filter module ${what}`, path, cause, why),
  );
  if (typeof filter !== 'function') {
    throw unreadableInputError('The filter module has no function as its default export', path);
  }
  if (filter.constructor.name !== 'Function') {
    throw unreadableInputError('The default export of the filter module is not a plain function', path);
  }
  return filter as RollbackFilter;
}

function unreadableInputError(what: string, path: string, cause?: unknown, why?: string): RollbackError {
  return new RollbackError('ERR_TARGET_UNREADABLE', { what, why, next: HINT }, { path }, cause);
}

const HINT =
  'A file of keys reads {"table": ["hexkey"]}; a filter module reads ' +
  '`export default (table, key, isPrimary) => boolean`';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unreadable = (error: unknown): string =>
  hasErrno(error, 'ENOENT', 'ENOTDIR')
    ? 'does not exist'
    : `cannot be read: ${describeErrno(errnoOf(error) ?? messageOf(error))}`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
