/**
 * Refuses a Node that is too old when the library is loaded: otherwise it would fail at some later call,
 * perhaps in the middle of a rollback. The command has its own check, from scripts/build.mjs.
 */
import { RollbackError } from '../errors.ts';

/** The oldest Node that has every call used here; `engines` of package.json says the same. */
export const OLDEST_NODE = [20, 19] as const;

/** @throws RollbackError ERR_USAGE */
export function refuseOldNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  const oldest = OLDEST_NODE.join('.');
  throw new RollbackError('ERR_USAGE', {
    what: `litt-rollback needs Node ${oldest} or newer, this is v${version}`,
    next: `Run it with Node ${oldest} or newer`,
  });
}

refuseOldNode(process.versions.node);
