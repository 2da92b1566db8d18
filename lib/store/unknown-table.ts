/** The refusal of names that no table of a database has. */
import { RollbackError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

/**
 * @param names the existing tables
 * @param what the beginning of the sentence, before the unknown names
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
