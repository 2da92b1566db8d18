/** Classifies the arguments of a process, word by word, for the command line that `program.ts` defines. */
import type { Command, Option } from 'commander';
import { shellCommand } from '../report/text.ts';

/** One word. `value` belongs to the option in front of it. */
export interface Word {
  readonly text: string;
  readonly kind: 'command' | 'option' | 'value' | 'operand';
}

/** The words of one call. */
export interface Words {
  /** The chosen command; null for none, or for an unknown one. */
  readonly command: Command | null;
  readonly words: readonly Word[];
}

/** Every command, those of a command included. */
export function allCommands(program: Command): Command[] {
  return program.commands.flatMap((command) => [command, ...allCommands(command)]);
}

/** Long options with one dash get the second one: other tools write `-src`. Words after `--` stay unchanged. */
export function withBothDashes(program: Command, argv: readonly string[]): string[] {
  const longs = new Set(
    [program, ...allCommands(program)].flatMap((c) => c.options.map((o) => o.long?.slice(2) ?? '')),
  );
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    const name = /^-([A-Za-z][A-Za-z-]+)(?:=|$)/.exec(word)?.[1];
    return name !== undefined && longs.has(name) && (end < 0 || i < end) ? `-${word}` : word;
  });
}

/** Classifies each argument. */
export function wordsOf(program: Command, argv: readonly string[]): Words {
  let command: Command | null = null;
  let known: readonly Option[] = program.options;
  let isOver = false;
  const words: Word[] = [];
  for (let i = 0; i < argv.length; i++) {
    const text = argv[i]!;
    if (isOver || text === '-' || !text.startsWith('-')) {
      const among: Command | null =
        command === null || words.at(-1)?.kind !== 'operand' ? (command ?? program) : null;
      const found: Command | undefined = among?.commands.find((c) => c.name() === text);
      words.push({ text, kind: found === undefined ? 'operand' : 'command' });
      command = found ?? command;
      if (found !== undefined) known = [...program.options, ...found.options];
      continue;
    }
    words.push({ text, kind: 'option' });
    isOver = text === '--';
    const option = known.find((o) => o.long === text || o.short === text);
    if (option?.required === true && i + 1 < argv.length) words.push({ text: argv[++i]!, kind: 'value' });
  }
  return { command, words };
}

/** The words that are neither options nor their values, and not the command. */
export function operandsOf({ words }: Words): string[] {
  return words.filter((w) => w.kind === 'operand').map((w) => w.text);
}

/** The same call with `--src` in front of each operand, as a line to paste. */
export function withSources({ words }: Words): string {
  const spelled = words
    .filter((w) => w.text !== '--')
    .flatMap(({ text, kind }) => (kind === 'operand' ? ['--src', text] : [text]));
  return shellCommand(['litt-rollback', ...spelled]);
}
