/** Builds the context of one run from its options and the terminal. */

import { lacksUtf8 } from '../report/ascii.ts';
import type { Context, GlobalOptions, When } from './context.ts';
import { type GivenOptions, GivenSource } from './given-source.ts';
import type { Notes } from './notes.ts';
import type { Output } from './output.ts';
import { progressDisplay } from './progress-display.ts';
import type { Signals } from './signals.ts';

/** The input that exists before any option is known. */
export interface Surroundings {
  readonly out: Output;
  readonly err: Output;
  readonly signals: Signals;
  readonly notes: Notes;
}

/** The context of the command of this name. */
export function makeContext(
  name: string,
  globals: GlobalOptions & GivenOptions,
  surroundings: Surroundings,
): Context {
  const { out, err, signals, notes } = surroundings;
  const json = globals.json ?? false;
  const quiet = globals.quiet ?? false;
  notes.configure({ json, quiet });
  const given = new GivenSource(globals);
  const setup = {
    when: globals.progress ?? 'auto',
    quiet,
    terminal: process.stderr.isTTY === true,
    err,
    ascii: lacksUtf8(process.env),
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
    // A terminal of unknown width reports 0.
    width: process.stdout.columns || 110,
    terminal: process.stdout.isTTY === true,
    // The order matters: touching stdin loads the code that reads it.
    interactive: process.stderr.isTTY === true && process.stdin.isTTY === true,
    progressWanted: globals.progress === 'always',
    progressRefused: globals.progress === 'never',
    note: (text) => notes.note(text),
    warn: (text) => notes.warn(text),
    given,
    wholeCommand: given.wholeCommand,
    newProgress: () => progressDisplay(setup),
  };
}

function wantsColor(when: When): boolean {
  if (when !== 'auto') return when === 'always';
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}
