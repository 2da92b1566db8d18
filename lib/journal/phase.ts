/** Where a transaction stands. Every command decides by this one word. */
import type { AreaMarks, AreaState, JournalDocument } from './documents.ts';

/**
 * Where a transaction stands. All areas together decide, since a crash may leave one further than another:
 * - `bare`: no area has a document: a beginning that died, or journals that are gone.
 * - `intent`: open, and no step can have been taken.
 * - `lost`: open and begun, and no document is whole: which files were changed is unknown.
 * - `applying`, `done`: open and on its way forward, its steps not yet or all verified.
 * - `reverting`, `reverted`: open and on its way back, its inverse steps not yet or all durable.
 * - `closed`: ended, and kept for undo at least in parts.
 */
export type Phase = 'bare' | 'intent' | 'lost' | 'applying' | 'done' | 'reverting' | 'reverted' | 'closed';

/** The phase of a transaction, from its areas. */
export function phaseOf(found: {
  readonly areas: readonly AreaState[];
  readonly document: JournalDocument | null;
}): Phase {
  if (!found.areas.some((a) => a.state === 'open'))
    return found.areas.some((a) => a.state === 'closed') ? 'closed' : 'bare';
  const { begun, done, undoing, undone } = marksOf(found.areas);
  if (undone) return 'reverted';
  if (!begun) return 'intent';
  if (found.document === null) return 'lost';
  if (undoing) return 'reverting';
  return done ? 'done' : 'applying';
}

/** Whether a transaction in this phase must be finished or reverted before anything else. */
export function isOpen(phase: Phase): boolean {
  return phase !== 'bare' && phase !== 'closed';
}

/** The marks of a transaction: those that any of its areas has. */
export function marksOf(areas: readonly AreaState[]): AreaMarks {
  const has = (mark: keyof AreaMarks): boolean => areas.some((a) => a.marks[mark]);
  return { begun: has('begun'), done: has('done'), undoing: has('undoing'), undone: has('undone') };
}
