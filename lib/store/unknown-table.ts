/** The refusal of names that are no tables of a database. */
import { RollbackError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

/**
 * @param names the tables that there are
 * @param what the sentence in front of the unknown names
 */
export function tableUnknownError(
  unknown: readonly string[],
  names: readonly string[],
  what = 'There is no table',
): RollbackError {
  const hints = unknown.map((name) => didYouMean(name, names)).join('');
  return new RollbackError('ERR_TABLE_UNKNOWN', {
    what: `${what} ${unknown.join(', ')} in this database`,
    why: `It has: ${names.join(', ') || 'none'}`,
    next: `${hints}Correct the name, or check that these are the right roots`,
  });
}
