/**
 * Options of the public calls: each known by its name, each of the right sort. A misspelt one would otherwise be as if
 * it had not been passed, which may mean all tables in place of one.
 */
import { didYouMean } from '../nearest.ts';
import { type Check, describeValue, isObject, refuseUnless, usageError } from './checks.ts';

/** What each option of a call must be; every option stands here, and nothing else. */
export type OptionChecks<O> = { readonly [K in keyof Required<O>]: Check };

/**
 * Refuses options that a call does not have, or that are not of the right sort. One that is undefined was not passed.
 * @param call the name of the function
 * @throws RollbackError ERR_USAGE
 */
export function refuseBadOptions<O extends object>(call: string, options: O, checks: OptionChecks<O>): void {
  if (!isObject(options)) {
    throw usageError(`The options of ${call} must be an object, got ${describeValue(options)}`);
  }
  refuseUnknownNames(`${call} has no option`, Object.keys(options), Object.keys(checks));
  for (const [name, check] of Object.entries<Check>(checks)) {
    const value: unknown = options[name];
    if (value !== undefined) refuseUnless(check, name, value);
  }
}

/**
 * Refuses names that are not among those that there are, and says which is the nearest.
 * @param none "planRollback has no option"
 * @throws RollbackError ERR_USAGE
 */
export function refuseUnknownNames(none: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw usageError(`${none} ${unknown}`, `${didYouMean(unknown, known)}There are: ${known.join(', ')}`);
}

/**
 * Refuses options where a call takes none: they would be ignored. A surplus number is let through, as `map` passes one.
 * @throws RollbackError ERR_USAGE
 */
export function refuseSurplus(call: string, surplus: readonly unknown[]): void {
  const [first] = surplus;
  if (isObject(first))
    throw usageError(`${call} takes no options, got ${Object.keys(first).join(', ') || '{}'}`);
}
