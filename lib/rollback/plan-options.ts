/**
 * What plain JavaScript may pass and TypeScript would not: refused before anything is read. A misspelt policy or
 * scope would otherwise mean the laxer one, and a limit without its number no limit at all.
 */
import { RollbackError } from '../errors.ts';
import type { PlanOptions } from './plan.ts';

const CHOICES = {
  onNoMatch: ['refuse', 'keep', 'delete'],
  stragglers: ['refuse', 'keep', 'drop'],
  check: ['all', 'pivot'],
} as const;

/** @throws RollbackError ERR_USAGE */
export function checkOptions(options: PlanOptions): void {
  const { tables, maxRemove } = options;
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value: unknown = options[name as keyof typeof CHOICES];
    if (value === undefined || (allowed as readonly unknown[]).includes(value)) continue;
    throw mistake(`${name} is ${String(value)}`, `Pass one of: ${allowed.join(', ')}`);
  }
  if (tables !== undefined && !(Array.isArray(tables) && tables.every((t) => typeof t === 'string'))) {
    throw mistake('tables is no list of names', "Pass for example ['blocks']");
  }
  if (maxRemove !== undefined && !isLimit(maxRemove)) {
    throw mistake('maxRemove is no limit', 'Pass { records: 1000 } or { percent: 5 }');
  }
}

function isLimit(limit: unknown): boolean {
  if (typeof limit !== 'object' || limit === null) return false;
  const value: unknown = 'records' in limit ? limit.records : 'percent' in limit ? limit.percent : null;
  return typeof value === 'number' && value >= 0;
}

function mistake(what: string, next: string): RollbackError {
  return new RollbackError('ERR_USAGE', { what, next });
}
