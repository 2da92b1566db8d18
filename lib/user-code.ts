/**
 * Where code of a user is called: filters and schemas. The library calls it as it is. The command, which must end at
 * Ctrl-C, sets a runner that can break off a call that never returns.
 */

/** Runs work, and may end it before it returns by throwing. */
export type UserCodeRunner = <T>(work: () => T) => T;

let runner: UserCodeRunner | null = null;
let isInside = false;

/** From here on all code of users runs in this runner. */
export function runUserCodeIn(next: UserCodeRunner | null): void {
  runner = next;
}

/** Calls code of a user. A runner costs tens of microseconds: many calls belong inside one call of this. */
export function callUserCode<T>(work: () => T): T {
  if (runner === null || isInside) return work();
  isInside = true;
  try {
    return runner(work);
  } finally {
    isInside = false;
  }
}
