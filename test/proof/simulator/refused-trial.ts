/** Refusals of the preflight, which tries what the steps will do before anything of the transaction is there. */
import type { RollbackError } from '../../../lib/index.ts';
import type { FaultyOp } from './fault-core.ts';

/** A path in the area of a transaction. */
const IN_AREA = /\.litt-rollback\/[0-9a-f]{8}-[0-9a-f-]{27}/;
/** What is made for trials, and the directory that it is made in. */
const FOR_TRIALS =
  /^(.*)\/(\.litt-rollback(\/\.probe\.litt-rollback-tmp.*)?|\.\.litt-rollback\.litt-rollback-tmp)$/;

/**
 * Whether a call that failed was a trial, and is told as a refusal: before any call in an area, with the file that it
 * was about. Of what is made only for a trial that is the file that is tried, or the program's directory.
 */
export function isRefusedTrial(
  { code, place }: RollbackError,
  before: readonly FaultyOp[],
  paths: readonly string[],
): boolean {
  if (code !== 'ERR_PREFLIGHT' || before.some((op) => op.paths.some((path) => IN_AREA.test(path))))
    return false;
  const { path: named = '' } = place;
  return paths.some((path) => path === named || (FOR_TRIALS.test(path) && isOfTrial(named, path)));
}

/** A file beside the program's directory, or that directory, and nothing that is made for the trial. */
function isOfTrial(named: string, path: string): boolean {
  const base = FOR_TRIALS.exec(path)?.[1] as string;
  return named.startsWith(`${base}/`) && !named.endsWith('litt-rollback-tmp') && !named.includes('tmp/');
}
