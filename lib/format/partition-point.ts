/** The one binary search. */

/**
 * How many of `n` things, in order, are before a place: those for which `isBefore` is true, which must all come first.
 * So the things from that number on are not before it.
 */
export function partitionPoint(n: number, isBefore: (i: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
