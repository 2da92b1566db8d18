/** From the arguments of the process to its exit code. Every way out of the command leads through here. */
import { type Command, CommanderError } from 'commander';
import { RollbackError } from '../errors.ts';
import { notePhase } from '../phases.ts';
import { lacksUtf8 } from '../report/ascii.ts';
import { withWholeCommands } from '../report/next-steps.ts';
import { programVersion } from '../version.ts';
import { allCommands, withBothDashes } from './arguments.ts';
import type { Context } from './context.ts';
import type { GivenDirs } from './debug-log.ts';
import { asDefectError, asKnownError, type ErrorStyle, errorToText } from './error-output.ts';
import { EXIT_DONE, exitCodeOf } from './exit-codes.ts';
import { makeContext, type Surroundings } from './make-context.ts';
import { mistakeError, refuseMisplacedOperands, refuseUnknownTopic } from './mistakes.ts';
import { Notes } from './notes.ts';
import { Output } from './output.ts';
import { buildProgram } from './program.ts';
import type { Work } from './program-parts.ts';
import { Signals } from './signals.ts';
import type { SourceOptions } from './source.ts';
import { hintedError } from './source-hints.ts';
import {
  exitProcess,
  moduleError,
  releaseProcess,
  unfinishedModuleError,
  watchLoading,
} from './user-modules.ts';

/** Runs the command with these arguments (without node and the script) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const ascii = lacksUtf8(process.env);
  const out = new Output(process.stdout, 'standard output', ascii);
  const err = new Output(process.stderr, 'standard error', ascii);
  const given = optionsBeforeParsing(argv);
  const signals = new Signals((text) => {
    void (given.json
      ? err.sayJson({ message_type: 'note', version: 1, text })
      : err.say(`litt-rollback: ${text}.\n`));
  });
  const notes = new Notes(err, given.width);
  watchLoading({ before: () => signals.dispose(), after: () => signals.listen() });
  const stopWatching = watchForDefects(signals, err, given);
  try {
    const exitCode = await parseAndRun(argv, { out, err, signals, notes });
    await notes.flush();
    return exitCode;
  } catch (error) {
    const known = asKnownError(error);
    notePhase('error', known.code, known.what);
    const text = errorToText(known, { ...given, signal: signals.received, notes: notes.take() });
    await err.say(text, given.json);
    return exitCodeOf(known, signals.received);
  } finally {
    stopWatching();
    releaseProcess();
    signals.dispose();
  }
}

async function parseAndRun(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode = EXIT_DONE;
  // What commander prints is collected, so that it is written like everything else, errors included.
  let printed = '';
  const program = buildProgram(
    async (name, globals, work) => {
      refuseMisplacedOperands(program, args);
      await startLogIfAsked(argv, globals, surroundings.err);
      exitCode = await runWork(work, globals, makeContext(name, globals, surroundings));
    },
    () => {
      printed += `${programVersion()}\n`;
      throw new CommanderError(0, 'commander.version', '');
    },
  );
  collectOutput(program, (text) => {
    printed += text;
  });
  const args = withBothDashes(program, argv);
  refuseUnknownTopic(program, args);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw mistakeError(error, program, args);
    await surroundings.out.write(printed);
  }
  return exitCode;
}

/** The debug log is loaded only when the variable is set. */
async function startLogIfAsked(argv: readonly string[], given: GivenDirs, err: Output): Promise<void> {
  const path = process.env['LITT_ROLLBACK_DEBUG'] ?? '';
  if (path === '') return;
  (await import('./debug-log.ts')).startDebugLog(path, argv, given, (text) => void err.say(text));
}

/** Commands inherit neither setting after they are made. */
function collectOutput(program: Command, write: (text: string) => void): void {
  for (const command of [program, ...allCommands(program)]) {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write, outputError: () => {} });
  }
}

async function runWork(work: Work, source: SourceOptions, context: Context): Promise<number> {
  try {
    return await work(context);
  } catch (error) {
    // A signal aborts the current work, whatever error that work then throws.
    const { signals } = context;
    if (signals.received !== null && !signals.changing && !(error instanceof RollbackError))
      throw signals.interruptedError();
    throw error instanceof RollbackError ? completedError(hintedError(error, source), context) : error;
  }
}

/** The same error with whole commands for next steps. */
function completedError(error: RollbackError, { wholeCommand }: Context): RollbackError {
  const whole = (text: string | undefined): string | undefined =>
    text && withWholeCommands(text, wholeCommand);
  return error.saying({ why: whole(error.why), next: whole(error.next) });
}

/** Usage errors occur while options are being parsed; the way to print them must be known before that. */
function optionsBeforeParsing(argv: readonly string[]): Omit<ErrorStyle, 'signal'> {
  const has = (name: string): boolean => argv.includes(`--${name}`) || argv.includes(`-${name}`);
  // A terminal that does not know its width says 0.
  const width = process.stderr.isTTY === true ? process.stderr.columns || undefined : undefined;
  return { json: has('json'), verbose: has('verbose'), width };
}

/**
 * An error that no code waits for and work that never ends are defects, of a user's module or of this
 * program. They end the process, and its exit handlers give the locks back; but never in the middle of changes.
 */
function watchForDefects(signals: Signals, err: Output, style: Omit<ErrorStyle, 'signal'>): () => void {
  const end = (error: RollbackError): void => {
    // Standard error is written synchronously, so nothing else gets a turn in between.
    void err.say(errorToText(error, { ...style, signal: null }), style.json);
    exitProcess(exitCodeOf(error));
  };
  const onError = (thrown: unknown): void => {
    const error = moduleError(thrown) ?? asDefectError(thrown);
    if (!signals.changing) end(error);
    else void err.say(errorToText(error, { ...style, signal: null }), style.json);
  };
  // The event loop is empty and there is no result: without this the process would end without a word.
  const onIdle = (): void =>
    end(unfinishedModuleError() ?? asDefectError(new Error('the work stopped before it came to a result')));
  process.on('uncaughtException', onError);
  process.on('beforeExit', onIdle);
  return () => {
    process.off('uncaughtException', onError);
    process.off('beforeExit', onIdle);
  };
}
