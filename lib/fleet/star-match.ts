/** Patterns with `*`, which stands for any characters, also none. No other character has a meaning. */

/**
 * What each `*` of a pattern stands for in a text; null where the pattern does not fit. An earlier `*` stands for as
 * little as possible. The time grows with the length of the text alone, however many `*` there are.
 */
export function matchStars(pattern: string, text: string): string[] | null {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text ? [] : null;
  if (!text.startsWith(first) || !text.endsWith(last)) return null;
  const end = text.length - last.length;
  const captures: string[] = [];
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return null;
    captures.push(text.slice(at, found));
    at = found + piece.length;
  }
  if (at > end) return null;
  captures.push(text.slice(at, end));
  return captures;
}
