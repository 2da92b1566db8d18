/** The digest of a plan: it reveals an edited or damaged plan file, and identifies the plan in the audit. */
import { createHash } from 'node:crypto';
import type { RollbackPlan } from '../types.ts';

/**
 * SHA-256 of everything in a plan except its digest, in hex; the order of an object's fields does not matter.
 */
export function digestOf({
  digest: _digest,
  ...plan
}: Omit<RollbackPlan, 'digest'> & { digest?: string }): string {
  const hash = createHash('sha256');
  // Field by field: all file names of a large database in one text could exceed the longest possible string.
  for (const [name, value] of fieldsOf(plan)) hash.update(`${name}:${canonical(value)}\n`);
  return hash.digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    const isFlat = value.every((v) => typeof v !== 'object' || v === null);
    return isFlat ? JSON.stringify(value) : `[${value.map(canonical).join()}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${fieldsOf(value).map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)}}`;
}

/** What JSON keeps of an object, sorted by name. */
function fieldsOf(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * A branded type would not do: the caller of apply may have made, read, copied or changed the plan. Only the
 * identity of the object proves that this very one was checked and, being frozen, is unchanged.
 */
const readBack = new WeakSet<object>();

/**
 * Freezes a plan that was read from a file, and notes that its shape and digest were checked, so that neither
 * is checked twice.
 */
export function noteReadBack(plan: RollbackPlan): RollbackPlan {
  freeze(plan);
  readBack.add(plan);
  return plan;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const field of Object.values(value)) freeze(field);
}

/** Whether this very object was read from a file and checked. */
export function wasReadBack(plan: RollbackPlan): boolean {
  return readBack.has(plan);
}
