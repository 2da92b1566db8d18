/** The data that every part of planning shares. */
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
import type { SettledTarget } from './target.ts';

/** One planning run. */
export interface PlanContext {
  readonly fs: DurableFs;
  readonly target: SettledTarget;
  readonly onNoMatch: NoMatchPolicy;
  /** The caller's schemas, by table. */
  readonly schemas: Readonly<Record<string, TableSchema>> | undefined;
  readonly stragglers: StragglerPolicy;
  readonly dropOrphans: boolean;
  readonly check: CheckScope;
  readonly acceptDamage: boolean;
  /**
   * Real path of the snapshot directory; 'none' when the caller says that there is none; null when the caller
   * says nothing.
   */
  readonly snapshotDir: string | 'none' | null;
  /** The time that newly sealed segments get: nanoseconds since 1970. */
  readonly now: bigint;
  readonly blockBytes: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** A table during planning: the data gathered so far, which goes into its plan. */
export class TableContext {
  readonly notices: string[] = [];
  /** Whether damage was found, and accepted. */
  acceptedDamage = false;
  /** The meaning of a target height in this table; set by the search. */
  heights: PlanHeights | null = null;
  /** The records that stay above the target; set by the search. */
  keptAbove: KeptAbove | null = null;
  /** Surveys that a search has made of segments that stay, by index, so that they are not made twice. */
  readonly surveys = new Map<number, KeySurvey>();
  /** What the keys mean, from the caller or from the table's name; null when unknown. */
  readonly schema: TableSchema | null;

  constructor(
    readonly plan: PlanContext,
    readonly table: Table,
  ) {
    this.schema = schemaOf(table.name, plan.schemas);
  }

  /** Damage stops the plan, unless the caller accepts it: then it becomes a notice. */
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
