/** Judges what mutated or forged input has brought about, on disk or in memory. */
import { RollbackError } from '../../../../lib/errors.ts';
import { subtree, type Tree, treeDifferences } from '../../../helpers/tree.ts';

/** What came of an action: the error, or null. */
export interface Came {
  readonly error: unknown;
  /** Processor time (milliseconds): what else the machine is busy with does not count. */
  readonly took: number;
}

/** Longer than any input may take (milliseconds). */
const MAX_MILLISECONDS = 5000;

/** Longer than any message for a person needs to be. */
const MAX_MESSAGE = 20_000;

/** Runs an action and catches what it throws. */
export async function cameOf(action: () => Promise<unknown>): Promise<Came> {
  const begun = process.cpuUsage();
  let error: unknown = null;
  try {
    await action();
  } catch (thrown) {
    error = thrown ?? new Error('nothing was thrown');
  }
  const { user, system } = process.cpuUsage(begun);
  return { error, took: (user + system) / 1000 };
}

/** What is wrong with how an action ended, whatever it was. */
export function problemsOfEnd({ error, took }: Came): string[] {
  const problems: string[] = [];
  if (took > MAX_MILLISECONDS) problems.push(`it took ${Math.round(took)} ms`);
  if (error === null) return problems;
  if (!(error instanceof RollbackError)) {
    const { name, message, stack } = error as Error;
    const where = stack?.split('\n').find((line) => /\/(lib|streams)\//.test(line)) ?? '';
    problems.push(`an untyped error: ${name}: ${String(message).slice(0, 300)} ${where.trim()}`);
  } else if (error.kind === 'defect') problems.push(`a defect: ${error.message.slice(0, 300)}`);
  else if (error.message.length > MAX_MESSAGE)
    problems.push(`a message of ${error.message.length} characters`);
  return problems;
}

/** The part of a tree that lies beside the database. */
export function problemsOutside(before: Tree, after: Tree): string[] {
  return treeDifferences(subtree(before, 'canary'), subtree(after, 'canary')).map((p) => `outside: ${p}`);
}

/** In short: the first differences of a tree that had to stay as it was. */
export function problemsOfTouch(before: Tree, after: Tree): string[] {
  const differences = treeDifferences(before, after);
  if (differences.length === 0) return [];
  return [`not refused, or too late: ${differences.length} changes, among them ${differences[0]}`];
}

const IGNORED = /(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/;

/** A tree without what may differ after an undo: the program's own directory, times and inode numbers. */
export function essence(tree: Tree): Tree {
  return new Map(
    [...tree]
      .filter(([path]) => !IGNORED.test(path))
      .map(([path, { ino: _ino, mtime: _mtime, ...entry }]) => [path, entry]),
  );
}

/** Takes back whatever has happened; the database must then be as it was. `look` shows it. */
export async function problemsOfUndo(
  before: Tree,
  undo: () => Promise<unknown>,
  look: () => Tree,
): Promise<string[]> {
  const came = await cameOf(undo);
  const problems = problemsOfEnd(came);
  if (came.error !== null)
    problems.push(`undo failed: ${String((came.error as Error).message).slice(0, 200)}`);
  const left = treeDifferences(essence(before), essence(look()));
  if (left.length > 0) problems.push(`after undo ${left.length} entries differ, among them ${left[0]}`);
  return problems;
}
