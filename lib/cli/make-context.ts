/** What one run of the command has around it, from its options and from the terminal. */
import type { Context, GlobalOptions, When } from './context.ts';
import type { Notes } from './notes.ts';
import type { Output } from './output.ts';
import { progressDisplay } from './progress-display.ts';
import type { Signals } from './signals.ts';

/** What there is before any option is known. */
export interface Surroundings {
  readonly out: Output;
  readonly err: Output;
  readonly signals: Signals;
  readonly notes: Notes;
}

/** The context of the command of this name. */
export function makeContext(name: string, globals: GlobalOptions, surroundings: Surroundings): Context {
  const { out, err, signals, notes } = surroundings;
  const json = globals.json ?? false;
  const quiet = globals.quiet ?? false;
  notes.configure({ json, quiet });
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
    terminal: process.stdout.isTTY === true,
    // In this order: to ask stdin loads what reads it.
    interactive: process.stderr.isTTY === true && process.stdin.isTTY === true,
    note: (text) => notes.note(text),
    warn: (text) => notes.warn(text),
    newProgress: () => progressDisplay(setup),
  };
}

function wantsColor(when: When): boolean {
  if (when !== 'auto') return when === 'always';
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
}
