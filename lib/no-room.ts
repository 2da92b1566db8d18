/** What is used up where the system says that there is no space: bytes or inodes. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

/** Remembered for each error: after the failure there is room again, for the file that could not be made is gone. */
const known = new WeakMap<object, boolean>();

/**
 * Whether an ENOSPC comes from a file system that has bytes left, but no inodes.
 * @param path of the file that found no room; it need not exist
 */
export function lacksInodes(cause: unknown, path: string): boolean {
  if (typeof cause !== 'object' || cause === null) return false;
  const before = known.get(cause);
  if (before !== undefined) return before;
  const now = hasBytesButNoInodes(path);
  known.set(cause, now);
  return now;
}

function hasBytesButNoInodes(path: string): boolean {
  try {
    const { files, ffree, bavail } = statfsSync(path);
    return files > 0 && ffree === 0 && bavail > 0; // a file system without a limit of inodes has 0 of 0
  } catch {
    return dirname(path) !== path && hasBytesButNoInodes(dirname(path));
  }
}
