/** Recovers from a crashed state the way a person would, and holds the result against before and after. */

import type { Tree } from '../../helpers/tree.ts';
import { demand, Violation } from '../violation.ts';
import type { SweepCase } from './cases.ts';
import { isBinding, type Observed, observe, shutProblems } from './observe.ts';
import { finish, type Result } from './process.ts';
import { differences, leftoversIn } from './tree-parts.ts';

/** Which good states a recovery may end in. */
export interface Ends {
  /** `resume` ends in one of these. */
  readonly resume: readonly ('before' | 'after')[];
  /** What is kept for undo may be freed in part: the next purge frees the rest. */
  readonly partlyFreed?: true;
  /** `undo` ends in one of these; `after` only where nothing is kept for undo. */
  readonly undo: readonly ('before' | 'after')[];
}

/** After a rollback that was begun. */
export const ANY_END: Ends = { resume: ['before', 'after'], undo: ['before'] };

/** Looks at what a crash has left: shut as it must be, and told as it is. */
export async function lookAt(of: SweepCase, at: string): Promise<Observed> {
  const seen = observe(of, at);
  demand(shutProblems(seen), 'A5/A3: the crashed state is not shut');
  const result = await finish(of.words('status', at, '--json'));
  demand(statusProblems(result, seen), 'status tells something else');
  return seen;
}

interface Status {
  readonly transactions: readonly { readonly state: string; readonly committed: boolean }[];
  readonly traces: readonly string[];
}

function statusProblems(result: Result, seen: Observed): string[] {
  if (result.code !== (seen.open || seen.traces ? 6 : 0)) return [told('status', result)];
  const status = JSON.parse(result.stdout) as Status;
  const unfinished = status.transactions.find((t) => t.state === 'unfinished');
  const problems: string[] = [];
  if ((unfinished !== undefined) !== seen.open) problems.push(`unfinished: ${!seen.open}`);
  if (unfinished !== undefined && unfinished.committed !== seen.committed)
    problems.push(`committed: ${unfinished.committed}`);
  // An area without a document is a trace, too, and blocks no program.
  const shut = status.traces.filter((path) => /\/litt\.lock$|\.keys$/.test(path));
  if (!seen.open && seen.traces !== shut.length > 0)
    problems.push(`traces: ${shut.length}, though there are ${seen.traces ? 'some' : 'none'}`);
  return problems;
}

/** How a command ended, for messages. */
export function told(command: string, { code, signal, stdout, stderr }: Result): string {
  return `${command} ended with ${code ?? signal}: ${stderr}${stdout}`;
}

/** Runs `resume`, which must always succeed, and returns the state that it reached. */
export async function resume(of: SweepCase, at: string, seen: Observed, ends: Ends): Promise<void> {
  const result = await finish(of.words('resume', at, '--json'));
  if (result.code !== 0) throw new Violation(`resume must succeed. ${told('resume', result)}`);
  const reached = endState(of, at, ends);
  demand(wrongWay(seen, reached), `resume said ${result.stdout.trim()}`);
  if (!ends.resume.includes(reached)) throw new Violation(`resume ended in the state "${reached}"`);
}

/** A committed rollback goes forward, a committed undo backward, anything else stays. */
function wrongWay(seen: Observed, reached: 'before' | 'after'): string[] {
  const wanted = isBinding(seen) ? (seen.undoing ? 'before' : 'after') : seen.data;
  return reached === wanted ? [] : [`the state is as ${reached}; expected as ${wanted}`];
}

/** Runs `undo`, with `resume` where that is what undo asks for. */
export async function undo(of: SweepCase, at: string, seen: Observed, ends: Ends): Promise<void> {
  const first = await tryUndo(of, at);
  if (first.code === 0) return demandEnd(of, at, ['before'], told('undo', first), ends);
  // Refusals: nothing was begun (3), or only traces are left, which resume clears away (6).
  if (first.code !== 3 && first.code !== 6)
    throw new Violation(`undo ended unexpectedly. ${told('undo', first)}`);
  if (isBinding(seen) && ends.undo.length === 1)
    throw new Violation(`a committed rollback could not be taken back. ${told('undo', first)}`);
  const resumed = await finish(of.words('resume', at, '--json'));
  if (resumed.code !== 0)
    throw new Violation(`resume after a refused undo failed. ${told('resume', resumed)}`);
  if (endState(of, at, ends) === 'before') return;
  const second = await tryUndo(of, at);
  if (second.code === 0) return demandEnd(of, at, ['before'], told('undo', second), ends);
  if (!ends.undo.includes('after')) throw new Violation(told('the second undo', second));
  demandEnd(of, at, ['after'], told('the second undo', second), ends);
}

/** A refused undo must leave everything alone. */
async function tryUndo(of: SweepCase, at: string): Promise<Result> {
  const before = observe(of, at).tree;
  const result = await finish(of.words('undo', at, '--json'));
  if (result.code !== 0) {
    const now = observe(of, at).tree;
    demand(
      differences(steady(before), steady(now)),
      `a refused undo changed something. ${told('undo', result)}`,
    );
  }
  return result;
}

/** A refusal may claim the area and put a stale lock back. */
const steady = (tree: Tree): Tree =>
  new Map([...tree].filter(([path]) => !/(^|\/)(runner\.\d+|litt\.lock|.*litt-rollback-tmp)$/.test(path)));

/** Runs `purge`, which must always succeed on a finished rollback; nothing is kept afterwards. */
export async function purge(of: SweepCase, at: string, keeps: 'before' | 'after'): Promise<void> {
  const result = await finish(of.words('purge', at, '--json'));
  if (result.code !== 0) throw new Violation(`purge must succeed. ${told('purge', result)}`);
  demandEnd(of, at, [keeps], told('purge', result));
  const kept = [...observe(of, at).tree.keys()].filter((path) => isKept(path));
  demand(kept, 'purge left something');
}

function demandEnd(of: SweepCase, at: string, wanted: readonly string[], after: string, ends?: Ends): void {
  const reached = endState(of, at, ends);
  if (!wanted.includes(reached)) throw new Violation(`the state is as ${reached}`, after);
}

/** The good state that a recovery has reached; everything of ours must be gone or as an uncrashed run leaves it. */
export function endState(of: SweepCase, at: string, ends?: Ends): 'before' | 'after' {
  const { tree, data, open, traces } = observe(of, at);
  if (data === 'mixed') {
    throw new Violation(
      'neither as before nor as after. Differences to before:',
      ...of.dataProblems(tree, 'before').slice(0, 6),
      'Differences to after:',
      ...of.dataProblems(tree, 'after').slice(0, 6),
    );
  }
  if (open) throw new Violation('a journal is left');
  if (traces) throw new Violation('a lock that fails closed, or a bolt, is left');
  const ours = leftoversIn(tree).filter((path) => !isHarmless(path));
  demand(ours, 'left behind');
  const kept = [...tree.keys()].filter(isKept);
  if (kept.length > 0) {
    if (data === 'before') demand(kept, 'an undone rollback leaves something');
    if (ends?.partlyFreed !== true)
      demand(of.ownProblems(tree), 'what is kept for undo is not as without a crash');
  }
  return data;
}

/** In `.litt-rollback` only the root's memory and the audit outlive a transaction. */
const isKept = (path: string): boolean =>
  /(^|\/)\.litt-rollback\/./.test(path) &&
  !/\/(root-set\.json|\.?audit\.jsonl(\.litt-rollback-tmp)?)$/.test(path);

/**
 * A killed run's lock, and what it used to take it, are cleared away by the next run that locks; the engine takes
 * the lock over. The audit is written after the end of a transaction, and its next line replaces what is left.
 */
const isHarmless = (path: string): boolean =>
  /(^|\/)\.litt\.lock\.\d+-[0-9a-f]+-[0-9a-f]+-(new|aside)\.litt-rollback-tmp$/.test(path) ||
  /(^|\/)litt\.lock$|\/\.audit\.jsonl\.litt-rollback-tmp$/.test(path);
