/**
 * Loaded before the tests: property tests draw the same cases in every run, so that a gate which passed passes
 * again. LITT_ROLLBACK_SEED is another seed, or `random` for a new one; LITT_ROLLBACK_RUNS is the number of
 * cases of each property.
 */
import fc from 'fast-check';

const asked = process.env['LITT_ROLLBACK_SEED'] ?? '20260701';
if (asked !== 'random') {
  const seed = Number(asked);
  if (!Number.isInteger(seed)) throw new Error(`LITT_ROLLBACK_SEED is no number and not random: ${asked}`);
  fc.configureGlobal({ seed });
}
