/** The one binary search. */

/**
 * How many of `n` ordered items come before a place: those for which `isBefore` is true. All of those must come
 * first, so the result is also the index of the first item that is not before the place.
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
