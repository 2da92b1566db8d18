/** Schemas from callers: whatever they do wrong ends in an error that says so. */
import { RollbackError } from '../errors.ts';
import { keyViewAt } from '../format/key-view.ts';
import { formatKey } from '../format/printable.ts';
import { ignoreRejection, isThenable, wordsOf } from '../input/callbacks.ts';
import { MAX_HEIGHT } from '../input/checks.ts';
import { callUserCode } from '../user-code.ts';
import { knownSchema } from './known.ts';
import {
  type DecodedKey,
  type KeyRun,
  ROLE,
  type RunHeights,
  type StoreNeeds,
  type TableSchema,
} from './types.ts';

/**
 * A run of heights() must overwrite this for each record: roles left from another run would be taken for its
 * own.
 */
const NO_ROLE = 0xff;

/**
 * The same schema; what it throws, and answers of the wrong shape, become RollbackErrors. Built-in schemas are
 * returned as they are.
 * @throws RollbackError ERR_USAGE when it is not a schema at all
 */
export function checkedSchema(table: string, schema: TableSchema): TableSchema {
  const problem = problemOf(schema);
  if (problem !== null) {
    throw new RollbackError('ERR_USAGE', {
      what: `The schema of table ${table} ${problem}`,
      next: 'A schema is { name, decode(key, isPrimary) => { height, kind, label } or null }',
    });
  }
  if (knownSchema(schema.name) === schema) return schema;
  const decodeChecked = (key: Buffer, isPrimary: boolean): DecodedKey | null => {
    let decoded: unknown;
    try {
      decoded = schema.decode(key, isPrimary);
    } catch (error) {
      throw schemaFailedError(table, schema, `threw: ${wordsOf(error)}`, key, error);
    }
    if (decoded === null || isDecoded(decoded)) return decoded;
    if (isThenable(decoded)) throw asyncError(table, schema, 'decode()', decoded, key);
    throw schemaFailedError(
      table,
      schema,
      'gave something that is neither null nor { height, kind, label }',
      key,
    );
  };
  const decode = (key: Buffer, isPrimary: boolean): DecodedKey | null =>
    callUserCode(() => decodeChecked(key, isPrimary));
  const { heights } = schema;
  const guarded = { name: schema.name, needs: checkedNeeds(table, schema), decode };
  if (heights === undefined) return guarded;
  return {
    ...guarded,
    heights: (run: KeyRun, out: RunHeights): void => {
      out.roles.fill(NO_ROLE, 0, run.count);
      let result: unknown;
      try {
        result = callUserCode(() => heights.call(schema, run, out));
      } catch (error) {
        if (error instanceof RollbackError && error.code === 'ERR_INTERRUPTED') throw error;
        throw schemaFailedError(table, schema, `threw in heights(): ${wordsOf(error)}`, null, error);
      }
      if (isThenable(result)) throw asyncError(table, schema, 'heights()', result, null);
      const odd = firstWithoutRole(out.roles, run.count);
      if (odd < 0) return;
      const key = keyViewAt(run.buffer, run.offsets[odd] as number);
      throw schemaFailedError(
        table,
        schema,
        'gave a record no role in heights(), or one that there is not',
        key,
      );
    },
  };
}

/** The store's needs, checked in the same way. */
function checkedNeeds(table: string, schema: TableSchema): StoreNeeds | undefined {
  const { needs } = schema;
  if (needs === undefined) return undefined;
  const matches = (key: Buffer, isPrimary: boolean): boolean => {
    let result: unknown;
    try {
      result = needs.matches(key, isPrimary);
    } catch (error) {
      throw schemaFailedError(table, schema, `threw in needs.matches(): ${wordsOf(error)}`, key, error);
    }
    if (typeof result === 'boolean') return result;
    if (isThenable(result)) throw asyncError(table, schema, 'needs.matches()', result, key);
    throw schemaFailedError(table, schema, 'gave neither true nor false in needs.matches()', key);
  };
  return { what: needs.what, matches };
}

/** A promise instead of an answer: no code awaits it, and it may reject. */
function asyncError(
  table: string,
  schema: TableSchema,
  where: string,
  promise: PromiseLike<unknown>,
  key: Buffer | null,
): RollbackError {
  ignoreRejection(promise);
  return schemaFailedError(table, schema, `gave a promise in ${where}: it must not be async`, key);
}

/** A loop by hand: findIndex() would cost as much as the schema. */
function firstWithoutRole(roles: Uint8Array, count: number): number {
  const last = ROLE.misfit;
  for (let i = 0; i < count; i++) if ((roles[i] as number) > last) return i;
  return -1;
}

/** All schemas of a caller, each wrapped by `checkedSchema`. */
export function checkedSchemas(
  said: Readonly<Record<string, TableSchema>> | undefined,
): Readonly<Record<string, TableSchema>> | undefined {
  if (said === undefined) return undefined;
  const guarded = Object.entries(said).map(
    ([table, schema]) => [table, checkedSchema(table, schema)] as const,
  );
  return Object.fromEntries(guarded);
}

/** Why a value is not a schema; null when it is one. */
export function problemOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'is not an object';
  const { name, decode, heights, needs } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') return 'has no name';
  if (typeof decode !== 'function') return 'has no function decode(key, isPrimary)';
  if (heights !== undefined && typeof heights !== 'function') return 'has heights that are not a function';
  if (needs === undefined) return null;
  if (typeof needs !== 'object' || needs === null) return 'has needs that are not an object';
  const { what, matches } = needs as Record<string, unknown>;
  if (typeof what !== 'string' || what === '') return 'has needs without the text `what`';
  return typeof matches === 'function' ? null : 'has needs without a function matches(key, isPrimary)';
}

function isDecoded(value: unknown): value is DecodedKey {
  if (typeof value !== 'object' || value === null) return false;
  const { height, kind, label, decides } = value as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof label !== 'string') return false;
  if (decides !== undefined && typeof decides !== 'boolean') return false;
  return height === null || (typeof height === 'bigint' && height >= 0n && height <= MAX_HEIGHT);
}

function schemaFailedError(
  table: string,
  { name }: TableSchema,
  what: string,
  key: Buffer | null,
  cause?: unknown,
): RollbackError {
  const why = key === null ? undefined : `It was asked about key ${formatKey(key)}`;
  return new RollbackError(
    'ERR_SCHEMA_FAILED',
    { what: `The schema ${name} ${what}`, why, next: 'Correct the schema' },
    { table },
    cause,
  );
}
