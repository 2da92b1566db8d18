/**
 * Reports the current phase of the work to one watcher, the debug log. Without a watcher a note costs one
 * comparison. No behaviour depends on notes: errors, results and the audit report the same things.
 */

/** A phase of the work, as the log names it. `error` is how the command ended. */
export type Phase =
  | 'start'
  | 'plan table'
  | 'lock'
  | 'begin'
  | 'step'
  | 'step result'
  | 'flush'
  | 'verify'
  | 'end'
  | 'undo'
  | 'resume'
  | 'purge'
  | 'error'
  | 'exit';

/** What a note adds to the phase: names, paths, counts. */
export type PhaseFacts = readonly (string | number)[];

let watcher: ((phase: Phase, facts: PhaseFacts) => void) | null = null;

/** Sends every later note to this watcher, which must not throw. */
export function watchPhases(next: typeof watcher): void {
  watcher = next;
}

/** Reports the beginning of a phase; it lasts until the next note. */
export function notePhase(phase: Phase, ...facts: PhaseFacts): void {
  watcher?.(phase, facts);
}
