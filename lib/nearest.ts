/** Finds the name that was probably meant by a mistyped one. */

/**
 * The name that the user most likely meant; null where none is near. Case, hyphens and underscores do not
 * count.
 */
export function nearestName(given: string, names: readonly string[]): string | null {
  const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');
  const wanted = plain(given);
  const same = names.find((name) => plain(name) === wanted);
  if (same !== undefined) return same;
  const ranked = names
    .map((name) => ({ name, steps: distance(wanted, plain(name)) }))
    .filter(
      ({ name, steps }) => steps <= MOST_STEPS && steps * 2 < Math.max(plain(name).length, wanted.length),
    )
    .sort((a, b) => a.steps - b.steps);
  return ranked[0]?.name ?? null;
}

/** "Did you mean blocks? " in front of the rest of the hint; empty where no name is near. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = nearestName(given, names);
  return near === null ? '' : `Did you mean ${near}? `;
}

/** With more typing errors than this, it is a different word. */
const MOST_STEPS = 3;

/** Letters to insert, leave out, replace, or swap with their neighbour. */
function distance(a: string, b: string): number {
  // A name in foreign input may have any length.
  if (Math.abs(a.length - b.length) > MOST_STEPS) return MOST_STEPS + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
