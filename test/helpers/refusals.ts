/** How the program refuses, and with which code it must refuse the fixtures. */
import { type ErrorCode, RollbackError } from '../../lib/errors.ts';

/** Codes that are right for a refused fixture. */
export const REFUSALS: Readonly<Record<string, readonly ErrorCode[]>> = {
  'forgotten-root': ['ERR_FILE_MISSING', 'ERR_SEGMENT_MISSING', 'ERR_ROOT_FORGOTTEN'],
  'forgotten-roots-tiny': ['ERR_ROOT_FORGOTTEN'],
  'missing-middle-file': ['ERR_FILE_MISSING'],
  'missing-middle-segment': ['ERR_SEGMENT_MISSING'],
  'same-file-twice': ['ERR_SAME_FILE_TWICE'],
  'short-value-file': ['ERR_ADDRESS'],
  'snapshot-as-database': ['ERR_SYMBOLIC_LINK'],
  'unknown-version': ['ERR_UNSUPPORTED_VERSION'],
  'watermark-above': ['ERR_BELOW_WATERMARK'],
};

/** Awaits a refusal; fails when the promise is kept, or rejected with anything but a typed error. */
export async function rejection(
  promise: Promise<unknown>,
  accepted = 'was accepted',
): Promise<RollbackError> {
  let error: unknown;
  try {
    await promise;
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) throw new Error(accepted);
  if (!(error instanceof RollbackError)) throw error;
  if (error.kind === 'defect') throw error;
  return error;
}
