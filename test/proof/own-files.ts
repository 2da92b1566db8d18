/** What the program leaves in a database, by name, and how the engine reads it: told here without the program's own code. */

/** A bolt: the engine reads a number from each `.keys` file, and cannot read one here. */
export const BOLT = 'UNFINISHED-ROLLBACK--run-litt-rollback-resume.keys';

/** Paths of everything of the program's: its own directory, locks and what they are made of, bolts. */
export const OURS =
  /(^|\/)(\.litt-rollback(\/|$|\.[0-9a-f-]+\.tmp$)|\.\.litt-rollback\.litt-rollback-tmp$|\.?litt\.lock[^/]*$|\.?UNFINISHED-ROLLBACK--[^/]*$)/;

/** Whether a lock fails closed: the engine takes one over in which a line begins with `PID: ` and names a dead process. */
export function failsClosed(lockText: string | null): boolean {
  return lockText !== null && !lockText.split('\n').some((line) => line.trim().startsWith('PID: '));
}
