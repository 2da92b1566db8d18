/** What a search for the end of one table gives. */
import type { WalkResult } from '../../../streams/plan-sink.ts';

/** The walk, and what to do when it has found no pivot. */
export interface Found {
  readonly walk: WalkResult;
  /** `keep`: the table has nothing that could match, so it stays; `policy`: as the person said. */
  readonly whenNone: 'policy' | 'keep';
}
