/** From the arguments of the process to its exit code. Every way out of the command leads through here. */
import { type Command, CommanderError } from 'commander';
import { RollbackError } from '../errors.ts';
import { notePhase } from '../phases.ts';
import { programVersion } from '../version.ts';
import type { Context, GlobalOptions, When } from './context.ts';
import type { GivenDirs } from './debug-log.ts';
import { asDefectError, errorToText } from './error-output.ts';
import { EXIT_DONE, exitCodeOf } from './exit-codes.ts';
import { Output } from './output.ts';
import { buildProgram } from './program.ts';
import type { Work } from './program-parts.ts';
import { progressDisplay } from './progress-display.ts';
import { Signals } from './signals.ts';

/** Runs the command with these arguments (without node and the script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const out = new Output(process.stdout, 'standard output');
  const err = new Output(process.stderr, 'standard error');
  const signals = new Signals((text) => void err.say(text));
  const given = optionsBeforeParsing(argv);
  const stopWatching = watchForDefects(signals, err, given);
  try {
    return await parseAndRun(argv, out, err, signals);
  } catch (error) {
    const known = error instanceof CommanderError ? asUsageError(error) : error;
    notePhase('error', ...(known instanceof RollbackError ? [known.code, known.what] : [String(known)]));
    await err.say(errorToText(known, { ...given, signal: signals.received }));
    return exitCodeOf(known, signals.received);
  } finally {
    stopWatching();
    signals.dispose();
  }
}

async function parseAndRun(
  argv: readonly string[],
  out: Output,
  err: Output,
  signals: Signals,
): Promise<number> {
  let exitCode = EXIT_DONE;
  // What commander prints is collected, so that it is written like everything else, errors included.
  let printed = '';
  const program = buildProgram(
    async (name, globals, work) => {
      await startLogIfAsked(argv, globals, err);
      exitCode = await runWork(work, makeContext(name, globals, out, err, signals));
    },
    () => {
      printed += `${programVersion()}\n`;
      throw new CommanderError(0, 'commander.version', '');
    },
  );
  collectOutput(program, (text) => {
    printed += text;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw withHelp(error, printed);
    await out.write(printed);
  }
  return exitCode;
}

/** What writes the debug log is loaded only when the variable is set. */
async function startLogIfAsked(argv: readonly string[], given: GivenDirs, err: Output): Promise<void> {
  const path = process.env['LITT_ROLLBACK_DEBUG'] ?? '';
  if (path === '') return;
  (await import('./debug-log.ts')).startDebugLog(path, argv, given, (text) => void err.say(text));
}

/** Commands inherit neither setting once they exist. */
function collectOutput(program: Command, write: (text: string) => void): void {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write, outputError: () => {} });
  }
}

/** Without any command commander shows the help: it belongs to the usage error. */
function withHelp(error: unknown, printed: string): unknown {
  if (!(error instanceof CommanderError) || error.code !== 'commander.help') return error;
  return new RollbackError(
    'ERR_USAGE',
    {
      what: 'No command was given',
      next: `The commands are ${COMMANDS.join(', ')}; litt-rollback --help explains them`,
    },
    {},
    printed === '' ? undefined : error,
  );
}

const COMMANDS = ['plan', 'apply', 'resume', 'undo', 'purge', 'status', 'inspect', 'keys', 'verify'] as const;

async function runWork(work: Work, context: Context): Promise<number> {
  try {
    return await work(context);
  } catch (error) {
    // A signal aborts whatever was going on; what that looked like to the code underneath does not matter.
    const { signals } = context;
    if (signals.received !== null && !signals.changing && !isOurs(error)) throw signals.interruptedError();
    throw error;
  }
}

const isOurs = (error: unknown): boolean => error instanceof RollbackError;

function makeContext(
  name: string,
  globals: GlobalOptions,
  out: Output,
  err: Output,
  signals: Signals,
): Context {
  const json = globals.json ?? false;
  const quiet = globals.quiet ?? false;
  const setup = {
    when: globals.progress ?? 'auto',
    quiet,
    terminal: process.stderr.isTTY === true,
    err,
    jsonLines: json && name === 'apply' ? out : null,
  } as const;
  return {
    out,
    err,
    signals,
    json,
    quiet,
    verbose: globals.verbose ?? false,
    color: wantsColor(globals.color ?? 'auto'),
    // A terminal that does not know its width says 0.
    width: process.stdout.columns || 110,
    // In this order: to ask stdin loads what reads it.
    interactive: process.stderr.isTTY === true && process.stdin.isTTY === true,
    newProgress: () => progressDisplay(setup),
  };
}

function wantsColor(when: When): boolean {
  if (when !== 'auto') return when === 'always';
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}

/** Usage errors come up while options are being parsed; how to tell them must be known before that. */
function optionsBeforeParsing(argv: readonly string[]): { json: boolean; verbose: boolean } {
  return { json: argv.includes('--json'), verbose: argv.includes('--verbose') };
}

function asUsageError(error: CommanderError): RollbackError {
  const [first = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const hint = more
    .join(' ')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  return new RollbackError(
    'ERR_USAGE',
    {
      what: first === '' ? 'The arguments cannot be understood' : first[0]!.toUpperCase() + first.slice(1),
      why: hint === '' ? undefined : hint,
      next: 'litt-rollback --help and litt-rollback COMMAND --help list every option',
    },
    {},
    error,
  );
}

/**
 * An error that no code waits for (a timer in a user's filter module, say) and work that never comes to an end
 * are defects. They end the process, and its exit handlers give the locks back; but never in the middle of
 * changes.
 */
function watchForDefects(
  signals: Signals,
  err: Output,
  style: { json: boolean; verbose: boolean },
): () => void {
  const end = (error: unknown): void => {
    // Standard error is written synchronously, so nothing else gets a turn in between.
    void err.say(errorToText(asDefectError(error), { ...style, signal: null }));
    process.exit(exitCodeOf(error));
  };
  const onError = (error: unknown): void => {
    if (!signals.changing) end(error);
    else void err.say(errorToText(asDefectError(error), { ...style, signal: null }));
  };
  // Nothing left to wait for, and no result yet: without this the process would end without a word.
  const onIdle = (): void => end(new Error('the work stopped before it came to a result'));
  process.on('uncaughtException', onError);
  process.on('beforeExit', onIdle);
  return () => {
    process.off('uncaughtException', onError);
    process.off('beforeExit', onIdle);
  };
}
