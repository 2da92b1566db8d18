/** Usage errors that guess what the user meant and say what to type. */
import { statSync } from 'node:fs';
import type { Command, CommanderError } from 'commander';
import { RollbackError } from '../errors.ts';
import { nearestName } from '../nearest.ts';
import { joinWords, shellCommand } from '../report/text.ts';
import { allCommands, operandsOf, type Word, type Words, withSources, wordsOf } from './arguments.ts';

/** Commands of other tools, and words for common wishes, by the command that they mean here. */
const COMMANDS_MEANT: Readonly<Record<string, string>> = {
  rollback: 'apply (or plan, to look first)',
  rewind: 'apply (or plan, to look first)',
  revert: 'undo (or apply, to roll back)',
  restore: 'undo',
  execute: 'apply',
  run: 'apply',
  'dry-run': 'plan',
  preview: 'plan',
  show: 'inspect',
  info: 'inspect',
  list: 'keys (or inspect)',
  ls: 'keys (or inspect)',
  dump: 'keys',
  check: 'verify',
  validate: 'verify',
  continue: 'resume',
  unlock: 'status, which says why it is locked',
  prune: 'purge',
  clean: 'purge',
};

/** The same for options. */
const OPTIONS_MEANT: Readonly<Record<string, string>> = {
  '--plan': 'The plan file is an argument: `litt-rollback apply plan.json`. ',
  '--root': 'Did you mean --src? ',
  '--roots': 'Did you mean --src, once for each root? ',
  '--dir': 'Did you mean --src? ',
  '--db': 'Did you mean --src? ',
  '--path': 'Did you mean --src? ',
  '--data-dir': 'Did you mean --src? ',
  '--block': 'Did you mean --height? ',
  '--to': 'Did you mean --height? ',
  '--output': 'Did you mean --out? ',
  '--time': 'Did you mean --before? ',
};

/** A refusal of commander, reworded so that it says what to type. */
export function mistakeError(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): RollbackError {
  const words = wordsOf(program, argv);
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownCommand':
      return unknownCommandError(named, words.command ?? program);
    case 'commander.unknownOption':
      return unknownOptionError(named, program, words);
    case 'commander.excessArguments':
      return surplusError(words);
    case 'commander.help': {
      const { command } = words;
      return usageError(
        command === null ? 'No command was given' : `No command of ${command.name()} was given`,
        `The commands are ${commandNames(command ?? program)}; ${nameOf(command)} --help explains them`,
        error,
      );
    }
    default: {
      const text = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
      const what =
        text === '' ? 'The arguments cannot be understood' : text[0]!.toUpperCase() + text.slice(1);
      const isMissing = error.code === 'commander.optionMissingArgument';
      return usageError(
        what,
        `${isMissing ? 'Is a variable of the shell empty? ' : ''}${helpOf(words)}`,
        error,
      );
    }
  }
}

/** Refuses `help` for an unknown command. @throws RollbackError ERR_USAGE */
export function refuseUnknownTopic(program: Command, argv: readonly string[]): void {
  const words = wordsOf(program, argv);
  const [first, second] = operandsOf(words);
  if (words.command === null && first === 'help' && second !== undefined)
    throw unknownCommandError(second, program);
}

/** Refuses a directory where a plan file may stand. @throws RollbackError ERR_USAGE */
export function refuseMisplacedOperands(program: Command, argv: readonly string[]): void {
  const words = wordsOf(program, argv);
  const [first] = operandsOf(words);
  if (first === undefined || words.command?.registeredArguments.length === 0) return;
  const hasSource = words.words.some((w) => w.text === '--src' || w.text === '-s');
  const isMeantAsPlan = kindOf(first) === 'file' || first.endsWith('.json') || !hasSource;
  if (kindOf(first) === 'directory' || !isMeantAsPlan) throw surplusError(words);
}

/** The refusal of an option that took another option for its value. */
export function swallowedError(flags: string, value: string): RollbackError {
  const name = /--[a-z-]+/.exec(flags)?.[0] ?? flags;
  const next = `Is a variable of the shell empty? What really begins with a dash is given as ./${value}`;
  return usageError(`${name} took \`${value}\` as its value`, next);
}

/** The refusal of a target that is counted from an end, where many nodes are to end at one place. */
export function relativeTargetError(name: string): RollbackError {
  return new RollbackError('ERR_USAGE', {
    what: `${name} cannot be the target of a batch`,
    why: 'Nodes with other ends would stop at other places, and a second run would remove once more',
    next: 'Give a place that is the same on every node: --height, --key, --keys-file, --before or --filter',
  });
}

function unknownCommandError(name: string, program: Command): RollbackError {
  const what = `Unknown command '${name}'`;
  const list = `The commands are ${commandNames(program)}`;
  const kind = kindOf(name);
  if (kind === 'directory')
    return usageError(
      what,
      `Look at that database: \`${shellCommand(['litt-rollback', 'inspect', '--src', name])}\`. ${list}`,
    );
  if (kind === 'file')
    return usageError(
      what,
      `Carry out a saved plan: \`${shellCommand(['litt-rollback', 'apply', name])}\`. ${list}`,
    );
  const meant = COMMANDS_MEANT[name.toLowerCase()] ?? nearestName(name, namesOf(program));
  return usageError(what, `${meant === null ? '' : `Did you mean ${meant}? `}${list}`);
}

function unknownOptionError(name: string, program: Command, words: Words): RollbackError {
  const { command } = words;
  const what = `Unknown option '${name}'`;
  const long = name.replace(/=.*$/, '');
  const takers = allCommands(program).filter((c) =>
    c.options.some((o) => o.long === long || o.short === long),
  );
  const at = (isIt: (word: Word) => boolean): number => words.words.findIndex(isIt);
  if (command === null || at((w) => w.text === name) < at((w) => w.kind === 'command')) {
    const next =
      takers.length > 0 ? 'The options of a command stand behind it: litt-rollback COMMAND … ' : '';
    return usageError(what, `${next}${helpOf(words)}`);
  }
  if (long === '--dry-run' || long === '-n')
    return usageError(what, `\`${command.name()}\` changes nothing: leave the option out. ${helpOf(words)}`);
  const longs = [...command.options, ...program.options].map((o) => o.long ?? '');
  const near = nearestName(long, longs);
  const elsewhere =
    takers.length === 0
      ? ''
      : `${long} belongs to ${joinWords(takers.map((c) => nameOf(c).replace('litt-rollback ', '')))}. `;
  const meant = OPTIONS_MEANT[long.toLowerCase()] ?? '';
  const hint = elsewhere || meant || (near === null ? '' : `Did you mean ${near}? `);
  return usageError(what, `${hint}${helpOf(words)}`);
}

/** Extra words in a command line: nearly always roots without `--src`. */
function surplusError(words: Words): RollbackError {
  const surplus = operandsOf(words);
  const what = `Too many arguments: ${surplus.join(', ')}`;
  const dash = surplus.find((text) => /^[\u2010-\u2015\u2212]/.test(text));
  if (dash !== undefined)
    return usageError(what, `${dash} begins with a dash that is not a hyphen: type -- instead`);
  const options = words.command?.options.map((o) => o.long ?? '') ?? [];
  const assigned = surplus.find((text) => options.includes(`--${text.split('=', 1)[0]}`));
  if (assigned !== undefined) return usageError(what, `Did you mean --${assigned}? ${helpOf(words)}`);
  const number = surplus.find((text) => /^\d+$/.test(text) && kindOf(text) === null);
  if (number !== undefined && options.includes('--height'))
    return usageError(what, `A height is given with --height: --height ${number}`);
  const plan = surplus.find((text) => kindOf(text) === 'file');
  if (plan !== undefined && words.command?.registeredArguments.length === 0)
    return usageError(what, `Carry out a saved plan: \`${shellCommand(['litt-rollback', 'apply', plan])}\``);
  if (!options.includes('--src')) return usageError(what, helpOf(words));
  return usageError(what, `A root is given with --src; repeat --src for each: \`${withSources(words)}\``);
}

function kindOf(path: string): 'file' | 'directory' | null {
  try {
    const stat = statSync(path);
    return stat.isDirectory() ? 'directory' : 'file';
  } catch {
    return null; // whatever it is, it does not name a path
  }
}

function helpOf({ command }: Words): string {
  if (command === null) return 'litt-rollback --help and litt-rollback COMMAND --help list every option';
  return `${nameOf(command)} --help lists every option`;
}

/** A command as it is typed: `litt-rollback batch plan`. */
function nameOf(command: Command | null): string {
  const names: string[] = [];
  for (let at = command; at?.parent != null; at = at.parent) names.unshift(at.name());
  return ['litt-rollback', ...names].join(' ');
}

const namesOf = (program: Command): string[] => program.commands.map((c) => c.name());

const commandNames = (program: Command): string => namesOf(program).join(', ');

function usageError(what: string, next: string, cause?: unknown): RollbackError {
  return new RollbackError('ERR_USAGE', { what, next }, {}, cause);
}
