/**
 * Which part of the work is going on, told to one watcher: the debug log. Without a watcher a note is one comparison.
 * A note decides nothing: what is told here is told by errors, results and the audit too.
 */

/** A part of the work, as the log calls it. `error` is how the command ended. */
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

/** What a note says beside the phase: names, paths, counts. */
export type PhaseFacts = readonly (string | number)[];

let watcher: ((phase: Phase, facts: PhaseFacts) => void) | null = null;

/** From here on every note goes to this watcher, which must not throw. */
export function watchPhases(next: typeof watcher): void {
  watcher = next;
}

/** Says that a phase begins; it lasts until the next note. */
export function notePhase(phase: Phase, ...facts: PhaseFacts): void {
  watcher?.(phase, facts);
}
