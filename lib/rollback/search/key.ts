/**
 * Where a record with a certain key lies: the keys of a file are compared while it is surveyed, so that only blocks
 * from the newest match on are read again, from their ends.
 */

import type { WalkResult } from '../../../streams/plan-sink.ts';
import type { SurveyedSegment } from '../../../streams/record-batch.ts';
import { type KeyRun, KIND } from '../../format/key-records.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import type { KeyMatcher } from '../matchers.ts';
import { newestUnwanted } from './unwanted.ts';
import { walk } from './walk.ts';

/** What is noted of a block. */
interface Block {
  readonly matches: boolean;
  /** Whether it begins in the midst of a group. */
  readonly inGroup: boolean;
}

/**
 * Finds the newest record whose key a matcher accepts. It must hold no state: it sees every record of a segment
 * before the search begins at the newest one.
 * @throws RollbackError of any stage of the walk
 */
export function searchKey(context: TableContext, matcher: KeyMatcher): Promise<WalkResult> {
  const blocksOf = new Map<number, Block[]>();
  return walk(context, matcher, {
    // What sealing drops is nobody's business: an open segment is looked at record by record.
    observe: ({ index, metadata }: Segment) => {
      if (!metadata.sealed) return undefined;
      const blocks: Block[] = [];
      blocksOf.set(index, blocks);
      return (run) => blocks.push({ matches: matcher(run) >= 0, inGroup: beginsInGroup(run) });
    },
    unwanted: ({ segment }: SurveyedSegment) => {
      const blocks = blocksOf.get(segment.index) ?? [];
      // A table may have thousands of segments.
      blocksOf.delete(segment.index);
      return newestUnwanted(blocks, ({ matches }) => !matches);
    },
  });
}

function beginsInGroup({ buffer, offsets }: KeyRun): boolean {
  return (buffer[offsets[0] as number] as number) > KIND.primary;
}
