/** What a proof throws where something happened that must never happen. */

/** Something that must never happen. */
export class Violation extends Error {
  /** What is wrong, a line each. */
  readonly details: readonly string[];

  constructor(...details: readonly string[]) {
    super(details.join('\n'));
    this.details = details;
  }
}

/** More lines of one violation tell nothing new. */
const MOST_DETAILS = 12;

/** Throws a violation unless there are no problems. */
export function demand(problems: readonly string[], what: string): void {
  if (problems.length > 0) throw new Violation(what, ...problems.slice(0, MOST_DETAILS));
}
