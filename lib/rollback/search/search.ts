/** Finds where a table's rollback stops, for every kind of target. */
import { RollbackError } from '../../errors.ts';
import { KNOWN_SCHEMAS, schemaOf } from '../../schemas/known.ts';
import type { TableSchema } from '../../schemas/types.ts';
import type { Table } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import { keysFor, matcherFor } from '../matchers.ts';
import type { Target } from '../target.ts';
import type { Found } from './found.ts';
import { searchHeight } from './height.ts';
import { searchKeepFirst } from './keep-first.ts';
import { searchKey } from './key.ts';
import { checkNeeds } from './needs.ts';
import { searchTime } from './time.ts';
import { walk } from './walk.ts';

/**
 * Finds the pivot of a table, and checks that the node's store could live with it.
 * @throws RollbackError what each kind of search throws; ERR_STORE_NEEDS
 */
export async function searchTable(context: TableContext): Promise<Found> {
  const found = await search(context);
  const { pivot } = found.walk;
  if (pivot !== null) await checkNeeds(context, pivot);
  return found;
}

async function search(context: TableContext): Promise<Found> {
  const { target } = context.plan;
  switch (target.kind) {
    case 'height':
      return searchHeight(context, target);
    case 'before':
      return searchTime(context, target);
    case 'keep-first':
      return searchKeepFirst(context, target);
    case 'key':
    case 'keys':
      return {
        walk: await searchKey(context, keysFor(target, context.table.name)),
        whenNone: 'policy',
      };
    default:
      return { walk: await walk(context, matcherFor(target, context.table.name)), whenNone: 'policy' };
  }
}

/**
 * Refuses a target by height where nobody knows what the keys of a table mean.
 * @throws RollbackError ERR_SCHEMA_UNKNOWN
 */
export function requireSchemas(
  target: Target,
  tables: readonly Table[],
  said: Readonly<Record<string, TableSchema>> | undefined,
): void {
  if (target.kind === 'height') refuseWithoutSchema(tables, said);
}

/**
 * Refuses tables with records whose keys mean nothing to anybody.
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
    what: `Nobody has said what the keys of ${unknown.length === 1 ? 'table' : 'tables'} ${unknown.join(', ')} mean`,
    why: 'Without that a height cannot be found in them',
    next: `${capital(`${others}say it with --schema ${unknown[0]}=SCHEMA`)} (${KNOWN_SCHEMAS.join(', ')}, or a module)`,
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
