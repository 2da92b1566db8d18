/** Building blocks of every command's definition. */
import { type Command, Option } from 'commander';
import type { Context, GlobalOptions } from './context.ts';
import type { GivenDirs } from './debug-log.ts';
import { examplesHelp, exitCodesHelp } from './help-text.ts';
import { swallowedError } from './mistakes.ts';
import { collect, once } from './option-values.ts';

import type { SourceOptions } from './source.ts';

/** The work of a chosen command. */
export type Work = (context: Context) => Promise<number>;

/**
 * Called with the chosen command's name, its global options, the directories that it was given, and its work.
 */
export type Choose = (
  name: string,
  globals: GlobalOptions & SourceOptions & GivenDirs,
  work: Work,
) => Promise<void>;

type Parser = (value: string, previous: never) => unknown;

/** An option whose value is parsed. */
export function option(flags: string, description: string, parse: Parser): Option {
  const parser = parse as (value: string, previous: unknown) => unknown;
  return new Option(flags, description).argParser((value, previous) => {
    // Where a shell variable is empty, the next option takes the place of the value.
    if (/^(--[A-Za-z].*|-[A-Za-z])$/.test(value)) throw swallowedError(flags, value);
    return parser(value, previous);
  });
}

/** The end of a command's help. */
export function finish(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', examplesHelp(examples) + exitCodesHelp());
}

/** The option that names the database. */
export function addSource(command: Command): void {
  command
    .optionsGroup('Source:')
    .addOption(
      option('-s, --src <dir>', 'a root of the database (repeat: every root of one database)', collect),
    )
    .addOption(
      option('--home <dir>', "a node's home, in place of --src: its databases are found there", once),
    );
}

/** A saved plan instead of the source. */
export function addPlanArgument(command: Command): void {
  command.argument('[plan.json]', 'a plan saved with `plan --out`: the roots are those that it names');
}
