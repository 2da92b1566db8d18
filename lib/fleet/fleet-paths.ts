/** Paths of a fleet file: they start at the file, and lead to what lies behind links. */
import { isAbsolute, resolve } from 'node:path';
import { realFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';

/**
 * The absolute path of what a fleet file names. Links are followed as the system follows them; what does not exist, or
 * may not be looked at, keeps the path that was given.
 * @param base the directory of the fleet file, absolute and without links
 */
export function pathFrom(base: string, given: string): string {
  const whole = isAbsolute(given) ? given : `${base}/${given}`;
  try {
    return realFs.realpath(whole);
  } catch {
    // Planning that node tells what is wrong with it: every node ends with a verdict of its own.
    return resolve(whole);
  }
}

/** Whether something lies at a path. What may not be looked at counts as there. */
export function exists(path: string): boolean {
  try {
    return lstatOrNull(realFs, path) !== null;
  } catch {
    return true; // a problem of the system, told when the node is planned
  }
}
