/** What every part of planning needs to know. */
import { type ErrorCode, type ErrorPlace, type ErrorText, RollbackError } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { Table } from '../store/types.ts';
import type { CheckScope, NoMatchPolicy } from '../types.ts';
import type { Progress } from './progress.ts';
import type { Target } from './target.ts';

/** One planning run. */
export interface PlanContext {
  readonly fs: DurableFs;
  readonly target: Target;
  readonly onNoMatch: NoMatchPolicy;
  readonly dropOrphans: boolean;
  readonly check: CheckScope;
  readonly acceptDamage: boolean;
  /** Real path of the snapshot directory; 'none' when the caller says there is none; null when not said. */
  readonly snapshotDir: string | 'none' | null;
  /** The time that newly sealed segments get: nanoseconds since 1970. */
  readonly now: bigint;
  readonly blockBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** A table under planning: the notices gathered so far go into its plan. */
export class TableContext {
  readonly notices: string[] = [];

  constructor(
    readonly plan: PlanContext,
    readonly table: Table,
  ) {}

  /** Damage stops the plan, unless the caller accepts it: then it is a notice. */
  damage(code: ErrorCode, text: Omit<ErrorText, 'next'>, place: ErrorPlace): void {
    const error = new RollbackError(
      code,
      { ...text, next: 'Restore the file from a backup, or go on with what is there: --accept-damage' },
      { table: this.table.name, ...place },
    );
    if (!this.plan.acceptDamage) throw error;
    this.notices.push(`damage accepted: ${text.what} (segment ${place.segment})`);
  }
}
