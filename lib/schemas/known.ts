/** The built-in schemas, and which table gets which schema. */
import { blocks } from './blocks.ts';
import { receipts } from './receipts.ts';
import type { TableSchema } from './types.ts';

const KNOWN: readonly TableSchema[] = [receipts, blocks];

/** Names of the built-in schemas. */
export const KNOWN_SCHEMAS: readonly string[] = KNOWN.map((schema) => schema.name);

/** A built-in schema; null for any other name. */
export function knownSchema(name: string): TableSchema | null {
  return KNOWN.find((schema) => schema.name === name) ?? null;
}

/**
 * The schema of a table: the one that the user names, or else the one with the table's name. Whether the
 * table's keys fit it is checked elsewhere.
 */
export function schemaOf(
  table: string,
  said: Readonly<Record<string, TableSchema>> | undefined,
): TableSchema | null {
  if (said !== undefined && Object.hasOwn(said, table)) return said[table] ?? null;
  return knownSchema(table);
}
