/** Mistakes in a fleet file: gathered, and told at once with their places. */
import { RollbackError } from '../errors.ts';

/** One mistake, and where it stands: an index into the text of the file. */
export interface Mistake {
  readonly at: number;
  readonly text: string;
}

/** More are counted, not told. */
const MOST_TOLD = 100;

/** "line 3, column 5" of an index into a text; both count from 1, a column is a UTF-16 unit. */
export function placeIn(text: string, at: number): string {
  const before = text.slice(0, at);
  return `line ${before.split('\n').length}, column ${at - before.lastIndexOf('\n')}`;
}

/** The error of a fleet file with mistakes, in the order of the file. */
export function fleetMistakesError(path: string, text: string, mistakes: readonly Mistake[]): RollbackError {
  const sorted = [...mistakes].sort((a, b) => a.at - b.at);
  const different = [...new Map(sorted.map((m) => [`${m.at} ${m.text}`, m])).values()];
  const details = different.slice(0, MOST_TOLD).map((m) => `${placeIn(text, m.at)}: ${m.text}`);
  const count = different.length;
  if (count > MOST_TOLD) details.push(`and ${count - MOST_TOLD} more`);
  const what = `The fleet file has ${count === 1 ? 'a mistake' : `${count} mistakes`}`;
  return fleetError(path, what, 'Correct the file, and run the same command again', details);
}

/** The error of a fleet file that cannot be used as a whole. */
export function fleetError(
  path: string,
  what: string,
  next: string,
  details: readonly string[] = [],
  cause?: unknown,
): RollbackError {
  return new RollbackError('ERR_FLEET', { what, next, details }, { path }, cause);
}

/** The first names of a list, and how many more there are. */
export function shortList(names: readonly string[], most: number): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}
