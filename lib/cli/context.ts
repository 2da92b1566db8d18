/** One run of the command: its options, its output, its signals. */

import type { WholeCommand } from '../report/next-steps.ts';
import type { TextStyle } from '../report/text.ts';
import type { Progress } from '../types.ts';
import type { GivenSource } from './given-source.ts';
import type { Output } from './output.ts';
import type { Signals } from './signals.ts';

/** When to show something: the program finds out, or the user decides. */
export type When = 'auto' | 'always' | 'never';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json?: true;
  readonly progress?: When;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly color?: When;
}

/** A progress display: takes reports, and disappears before other output is written. */
export interface ProgressDisplay {
  readonly report: ((progress: Progress) => void) | undefined;
  stop(): Promise<void>;
}

/** One run of the command. */
export interface Context {
  readonly out: Output;
  readonly err: Output;
  readonly signals: Signals;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Colours on standard output. */
  readonly color: boolean;
  readonly width: number;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** Whether the user can be asked. */
  readonly interactive: boolean;
  /** Whether the user asked for progress with --progress always. */
  readonly progressWanted: boolean;
  /** A progress display was refused with --progress never. */
  readonly progressRefused: boolean;
  /** A remark beside the result; silent with --quiet. */
  note(text: string): Promise<void>;
  /** What the user must not miss, though it is not an error; --quiet does not hide it. */
  warn(text: string): Promise<void>;
  /** Which database this run is about, as it was given. */
  readonly given: GivenSource;
  /** A next step as a line to be pasted. */
  readonly wholeCommand: WholeCommand;
  /** A display for one stretch of work; the caller stops it before it writes other output. */
  newProgress(): ProgressDisplay;
}

/** How texts are laid out in this run. */
export function textStyle({ color, width, wholeCommand }: Context): TextStyle {
  return { color, width, wholeCommand };
}
