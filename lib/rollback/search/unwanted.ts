/** Which blocks of a surveyed segment a search need not read again. */

/**
 * How many of a segment's newest blocks hold nothing that a search may accept. A block that begins with the rest of
 * an older block's group is not among them if that block is not: there the group ends.
 */
export function newestUnwanted<B extends { readonly inGroup: boolean }>(
  blocks: readonly B[],
  isUnwanted: (block: B) => boolean,
): number {
  let from = blocks.length;
  while (from > 0 && isUnwanted(blocks[from - 1] as B)) from--;
  while (from < blocks.length && blocks[from]?.inGroup === true) from++;
  return blocks.length - from;
}
