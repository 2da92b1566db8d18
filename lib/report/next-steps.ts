/**
 * Next steps as whole commands. Texts name a command in backticks, `litt-rollback undo`; who runs the command line knows
 * the roots, and completes them here.
 */

/** Gives the whole line of a command, with the database that this run was given, ready for a shell. */
export type WholeCommand = (name: string) => string;

/** What may stand in backticks: a command, alone or behind the name of the program. */
const NAMED = /`(?:litt-rollback )?(resume|undo|purge|status|verify|inspect)`/g;

/** A text in which each command is one to be pasted. Without `whole`, as the library has none, the text stays as it is. */
export function withWholeCommands(text: string, whole: WholeCommand | undefined): string {
  return whole === undefined ? text : text.replace(NAMED, (_, name: string) => `\`${whole(name)}\``);
}
