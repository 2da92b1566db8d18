/** The one table of exit codes: from the kind of an error to the code of the process. */
import { constants } from 'node:os';
import { EXIT_OF_KIND } from '../error-codes.ts';
import { RollbackError } from '../errors.ts';

/** Exit codes that are not errors. */
export const EXIT_DONE = 0;
/** What `status` found is unfinished. */
export const EXIT_UNFINISHED = 6;
/** With --detailed-exitcode: the plan would change something. */
export const EXIT_CHANGES = 10;

/** The code for an error; a signal decides between the codes of an interruption. */
export function exitCodeOf(error: unknown, signal: NodeJS.Signals | null = null): number {
  if (!(error instanceof RollbackError)) return EXIT_OF_KIND.defect;
  if (error.kind === 'interrupted' && signal !== null) return signalExitCode(signal);
  return EXIT_OF_KIND[error.kind];
}

/** The code of a run that a signal has ended. */
export const signalExitCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** The table as printed in --help and in the manual. */
export const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done; or planned; or nothing to do'],
  ['1', 'a defect of this program'],
  ['2', 'usage: unknown option, missing or contradictory arguments, unreadable target'],
  ['3', 'refused: understood, but unsafe or impossible; nothing was changed'],
  ['4', 'the database is damaged: which file, where; nothing was changed'],
  ['5', 'locked or in use: by whom, since when'],
  ['6', 'unfinished: the database is half rolled back and locked; resume or undo'],
  [
    '7',
    'operating-system error (permission, disk full, I/O): which path, which error, what state that leaves',
  ],
  ['8', 'batch: a node is neither done nor without anything to do; which and why is said'],
  ['10', 'only with --detailed-exitcode: the plan would change something'],
  ['130, 143', 'interrupted by SIGINT or SIGTERM (129: hang-up) before anything was changed'],
];
