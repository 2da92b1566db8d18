/** What every part of planning needs to know. */
import { type ErrorCode, type ErrorPlace, type ErrorText, RollbackError } from '../errors.ts';
import { schemaOf } from '../schemas/known.ts';
import type { TableSchema } from '../schemas/types.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { KeySurvey } from '../store/key-survey.ts';
import type { Table } from '../store/types.ts';
import type {
  CheckScope,
  KeptAbove,
  NoMatchPolicy,
  PlanHeights,
  Progress,
  StragglerPolicy,
} from '../types.ts';
import type { Target } from './target.ts';

/** One planning run. */
export interface PlanContext {
  readonly fs: DurableFs;
  readonly target: Target;
  readonly onNoMatch: NoMatchPolicy;
  /** What the keys of tables mean, as the caller says. */
  readonly schemas: Readonly<Record<string, TableSchema>> | undefined;
  readonly stragglers: StragglerPolicy;
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

/** A table under planning: what was gathered so far goes into its plan. */
export class TableContext {
  readonly notices: string[] = [];
  /** Whether damage was found, and accepted. */
  acceptedDamage = false;
  /** What a target height means in this table; set by the search. */
  heights: PlanHeights | null = null;
  /** What stays above the target; set by the search. */
  keptAbove: KeptAbove | null = null;
  /** Surveys that a search has made of segments that stay, by index: nobody needs to make them again. */
  readonly surveys = new Map<number, KeySurvey>();
  /** What the keys mean, by the caller's word or the table's name; null when nobody knows. */
  readonly schema: TableSchema | null;

  constructor(
    readonly plan: PlanContext,
    readonly table: Table,
  ) {
    this.schema = schemaOf(table.name, plan.schemas);
  }

  /** Damage stops the plan, unless the caller accepts it: then it is a notice. */
  damage(code: ErrorCode, text: Omit<ErrorText, 'next'>, place: ErrorPlace): void {
    const error = new RollbackError(
      code,
      { ...text, next: 'Restore the file from a backup, or go on with what is there: --accept-damage' },
      { table: this.table.name, ...place },
    );
    if (!this.plan.acceptDamage) throw error;
    this.acceptedDamage = true;
    this.notices.push(`damage accepted: ${text.what} (segment ${place.segment})`);
  }
}
