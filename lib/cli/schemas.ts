/** `--schema TABLE=SCHEMA`: a built-in schema, or a module. */
import { existsSync } from 'node:fs';
import { RollbackError } from '../errors.ts';
import { isTableName } from '../format/file-names.ts';
import { didYouMean } from '../nearest.ts';
import { problemOf } from '../schemas/checked-schema.ts';
import { KNOWN_SCHEMAS, knownSchema } from '../schemas/known.ts';
import type { TableSchema } from '../schemas/types.ts';
import { loadDefault } from './load-module.ts';

/** The named schemas, by table. */
export async function readSchemas(specs: readonly string[]): Promise<Record<string, TableSchema>> {
  const schemas = new Map<string, TableSchema>();
  for (const spec of specs) {
    const [table, value] = split(spec);
    if (schemas.has(table)) throw schemaUsageError(`Two schemas were given for table ${table}`);
    schemas.set(table, knownSchema(value) ?? (await loadSchema(value)));
  }
  return Object.fromEntries(schemas);
}

function split(spec: string): [table: string, value: string] {
  const at = spec.indexOf('=');
  const table = spec.slice(0, Math.max(at, 0));
  const value = spec.slice(at + 1);
  if (at < 0 || value === '' || !isTableName(table))
    throw schemaUsageError(`"${spec}" does not read TABLE=SCHEMA`);
  return [table, value];
}

async function loadSchema(path: string): Promise<TableSchema> {
  // A word that does not look like a path is a name, unless a module of that name is in this directory.
  if (!/[/\\.]/.test(path) && !existsSync(path))
    throw unreadableSchemaError(`There is no schema ${path}`, path, undefined, {
      next: `${didYouMean(path, KNOWN_SCHEMAS)}${KNOWN}`,
    });
  const schema = await loadDefault(path, (what, cause, why) =>
    unreadableSchemaError(`The schema module ${what}`, path, cause, { why }),
  );
  const problem = problemOf(schema);
  if (problem !== null)
    throw unreadableSchemaError(`The default export of the schema module ${problem}`, path);
  return schema as TableSchema;
}

function schemaUsageError(what: string): RollbackError {
  return new RollbackError('ERR_USAGE', { what, next: HINT });
}

function unreadableSchemaError(
  what: string,
  path: string,
  cause?: unknown,
  text: { readonly why?: string | undefined; readonly next?: string } = {},
): RollbackError {
  return new RollbackError('ERR_SCHEMA_UNREADABLE', { what, next: HINT, ...text }, { path }, cause);
}

const KNOWN = `Known schemas: ${KNOWN_SCHEMAS.join(', ')}; a module is given by its path, for example ./schema.mjs`;

const HINT =
  `Give a table and ${KNOWN_SCHEMAS.join(', ')} or a module: \`export default { name, ` +
  'decode: (key, isPrimary) => ({ height, kind, label }) or null }`';
