/** What every command's definition is made of. */
import { type Command, Option } from 'commander';
import type { Context, GlobalOptions } from './context.ts';
import type { GivenDirs } from './debug-log.ts';
import { examplesHelp, exitCodesHelp } from './help-text.ts';
import { collect, once } from './option-values.ts';

/** What a chosen command does. */
export type Work = (context: Context) => Promise<number>;

/** Called with the chosen command's name, its global options, the directories that it was given, and its work. */
export type Choose = (name: string, globals: GlobalOptions & GivenDirs, work: Work) => Promise<void>;

type Parser = (value: string, previous: never) => unknown;

/** An option whose value is parsed. */
export function option(flags: string, description: string, parse: Parser): Option {
  return new Option(flags, description).argParser(parse as (value: string, previous: unknown) => unknown);
}

/** The end of a command's help. */
export function finish(command: Command, examples: readonly string[]): void {
  command.addHelpText('after', examplesHelp(examples) + exitCodesHelp());
}

/** The option that names the database. */
export function addSource(command: Command): void {
  command
    .optionsGroup('Source:')
    .addOption(option('--src <dir>', 'a root of the database (repeat: every root of one database)', collect))
    .addOption(
      option('--home <dir>', "a node's home, in place of --src: its databases are found there", once),
    );
}
