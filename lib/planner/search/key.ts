/**
 * Finds a record with a certain key. A record far from the newest one is found sooner by comparing keys during
 * the survey of a file: then only the blocks from the newest match on are read again, from their ends.
 */
import type { WalkResult } from '../../../streams/plan-sink.ts';
import { beginsInGroup } from '../../format/key-records.ts';
import { DEFAULT_BLOCK_BYTES } from '../../store/block-reader.ts';
import type { DurableFs } from '../../store/durable-fs.ts';
import { readRange } from '../../store/reading.ts';
import type { Segment } from '../../store/types.ts';
import type { TableContext } from '../context.ts';
import { keyMatcher } from './matchers.ts';
import { skippableBlocks, walk } from './walk.ts';

/** Per-block notes of the survey. */
interface Block {
  readonly matches: boolean;
  /** Whether it begins inside a group. */
  readonly inGroup: boolean;
}

/** Comparing this many keys with every record takes as long as reading a file again. */
const FEW_KEYS = 4;

/**
 * Finds the newest record that has one of some keys.
 * @throws RollbackError of any stage of the walk
 */
export function searchKey(context: TableContext, keys: readonly Uint8Array[]): Promise<WalkResult> {
  const matcher = keyMatcher(keys);
  const { fs, blockBytes } = context.plan;
  const blocksOf = new Map<number, Block[]>();
  return walk(context, matcher, {
    observe: (segment) => {
      // What sealing drops must not count, so an open segment is read record by record.
      const isWorthIt = segment.metadata.sealed && keys.length <= FEW_KEYS;
      if (!isWorthIt || isNearEnd(fs, segment, keys, blockBytes ?? DEFAULT_BLOCK_BYTES)) return undefined;
      const blocks: Block[] = [];
      blocksOf.set(segment.index, blocks);
      return (run) => blocks.push({ matches: matcher(run) >= 0, inGroup: beginsInGroup(run) });
    },
    skipBlocks: ({ segment }) => {
      const blocks = blocksOf.get(segment.index) ?? [];
      // Forgets each segment when it is done: a table may have thousands.
      blocksOf.delete(segment.index);
      return skippableBlocks(blocks, ({ matches }) => !matches);
    },
  });
}

/**
 * Whether the bytes of a key are among the last ones of a long key file. The walk begins there and will soon
 * find the key. The bytes may be part of something else; that costs only time.
 */
function isNearEnd(
  fs: DurableFs,
  { keys: { path, size } }: Segment,
  keys: readonly Uint8Array[],
  bytes: number,
): boolean {
  if (size <= bytes) return false;
  const tail = readRange(fs, path, size - bytes, bytes);
  return keys.some((key) => tail.includes(Buffer.from(key)));
}
