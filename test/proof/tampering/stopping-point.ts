/** A state in which a database may be tampered with. */
import type { MemoryFs } from '../simulator/memory-fs.ts';
import type { Subject } from '../simulator/subject.ts';

/** A state of a subject. */
export interface StoppingPoint {
  readonly name: string;
  readonly subject: Subject;
  readonly fs: MemoryFs;
  /** The subject's tree when the rollback has been applied, and nothing else has happened. */
  readonly applied: MemoryFs;
  /** What tells it apart from others, roughly and in detail; nothing where a better one of its sort is among them. */
  readonly way: string;
  readonly part: string;
  readonly phase: string;
  readonly sort: string;
}

/** The directories that may take part in the transaction. */
export function participantsOf({ roots, snapshotDir }: Subject): string[] {
  return snapshotDir === undefined ? [...roots] : [...roots, snapshotDir];
}
