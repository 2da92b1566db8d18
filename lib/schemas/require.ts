/** Refuses tables that need a schema and have none. */
import { RollbackError } from '../errors.ts';
import type { Table } from '../store/types.ts';
import { KNOWN_SCHEMAS, schemaOf } from './known.ts';
import type { TableSchema } from './types.ts';

/**
 * Refuses tables with records whose keys have no known schema.
 * @throws RollbackError ERR_SCHEMA_UNKNOWN
 */
export function refuseWithoutSchema(
  tables: readonly Table[],
  said: Readonly<Record<string, TableSchema>> | undefined,
): void {
  const unknown = tables
    .filter((t) => schemaOf(t.name, said) === null && t.segments.some((s) => s.keys.size > 0))
    .map((t) => t.name);
  if (unknown.length === 0) return;
  const known = tables.filter((t) => !unknown.includes(t.name)).map((t) => t.name);
  const others = known.length === 0 ? '' : `limit it with --table ${known.join(' --table ')}, or `;
  throw new RollbackError('ERR_SCHEMA_UNKNOWN', {
    what: `No schema is known for ${unknown.length === 1 ? 'table' : 'tables'} ${unknown.join(', ')}`,
    why: 'A height cannot be found without a schema',
    next: `${capital(`${others}name one with --schema ${unknown[0]}=SCHEMA`)} (${KNOWN_SCHEMAS.join(', ')}, or a module)`,
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
