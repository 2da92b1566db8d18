/** The schemas that come with this program, and which table gets which. */
import { blocks } from './blocks.ts';
import { receipts } from './receipts.ts';
import type { TableSchema } from './types.ts';

const KNOWN: readonly TableSchema[] = [receipts, blocks];

/** Names of the schemas that come with this program. */
export const KNOWN_SCHEMAS: readonly string[] = KNOWN.map((schema) => schema.name);

/** A schema that comes with this program; null for any other name. */
export function knownSchema(name: string): TableSchema | null {
  return KNOWN.find((schema) => schema.name === name) ?? null;
}

/**
 * The schema of a table: what a person says of it, or else the one of the same name. Whether the table's keys fit
 * is another question.
 */
export function schemaOf(
  table: string,
  said: Readonly<Record<string, TableSchema>> | undefined,
): TableSchema | null {
  if (said !== undefined && Object.hasOwn(said, table)) return said[table] ?? null;
  return knownSchema(table);
}
