/** The command line of a script. Its usage text is the one place that names its options: they are read off that. */
import { parseArgs } from 'node:util';

/** A line of a usage text that names an option: `  --name  what it does`, or `  --name N  what it takes`. */
const OPTION = /^ {2}--([a-z-]+)(?: ([A-Z]+[A-Z,]*))?(?: |$)/gm;
/** What a letter behind a number multiplies it by. */
const FACTORS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };
const EXIT_USAGE = 2;

/** The options of a script that were given, and its other words. */
export class CommandLine {
  /** Words that belong to no option. */
  readonly positionals: readonly string[];
  private readonly values: Readonly<Record<string, readonly (string | boolean)[] | undefined>>;
  private readonly takesValue: ReadonlyMap<string, boolean>;

  /** @throws TypeError when a word is not understood */
  constructor(usage: string, argv: readonly string[]) {
    const told = [...usage.matchAll(OPTION)].map(([, name, value]) => [name!, value !== undefined] as const);
    this.takesValue = new Map([...told, ['help', false]]);
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: /^Usage: .*\b[A-Z]+\b/.test(usage),
      options: Object.fromEntries(
        [...this.takesValue].map(([name, takes]) => [
          name,
          { type: takes ? 'string' : 'boolean', multiple: true } as const,
        ]),
      ),
    });
    this.values = values as typeof this.values;
    this.positionals = positionals;
  }

  /** The command line of this process. Prints the usage and ends the process when that is asked for, or needed. */
  static read(usage: string): CommandLine {
    let command: CommandLine;
    try {
      command = new CommandLine(usage, process.argv.slice(2));
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n\n${usage}`);
      process.exit(EXIT_USAGE);
    }
    if (!command.flag('help')) return command;
    process.stdout.write(usage);
    process.exit(0);
  }

  /** Whether an option that takes no value was given. */
  flag(name: string): boolean {
    return this.of(name, false).length > 0;
  }

  /** What was given to an option, each time. */
  texts(name: string): readonly string[] {
    return this.of(name, true) as readonly string[];
  }

  /** What was given to an option, the last time; null where it was not given. */
  text(name: string): string | null {
    return this.texts(name).at(-1) ?? null;
  }

  /**
   * A whole number, thousands as K, M or G.
   * @throws RangeError when it is none, or less than `least`
   */
  number(name: string, otherwise: number, least = 0): number {
    const text = this.text(name);
    if (text === null) return otherwise;
    const [, digits, letter] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
    const value = Number(digits) * (FACTORS[letter ?? ''] ?? Number.NaN);
    if (!Number.isSafeInteger(value) || value < least)
      throw new RangeError(`--${name} takes a whole number, at least ${least}: not ${text}`);
    return value;
  }

  private of(name: string, takesValue: boolean): readonly (string | boolean)[] {
    if (this.takesValue.get(name) !== takesValue)
      throw new Error(`the usage tells no such option: --${name}`);
    return this.values[name] ?? [];
  }
}
