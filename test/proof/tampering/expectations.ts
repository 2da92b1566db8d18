/**
 * The demands on the program after tampering with a database: it refuses with an error of its own and changes
 * nothing, or it stops part-way and shut, or it ends where it should except for the tampered files.
 */
import { join, relative } from 'node:path';
import { RollbackError } from '../../../lib/errors.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { type Observation, observe } from '../simulator/observe.ts';
import { kindAt } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import { codesOf, type Outcome, stateFor, type TrialCase } from './trial.ts';

/** Refusals of runs that may have changed something before. */
const PART_WAY: readonly string[] = ['ERR_UNFINISHED', 'ERR_RESULT_WRONG', 'ERR_IO'];
const DEFECTS = /^((Type|Range|Reference|Syntax|Assertion|)Error|ERR_DEFECT)$/;

/** Everything that is wrong with what came of a case. */
export function problemsOf(trialCase: TrialCase, outcome: Outcome): string[] {
  const before = observe(stateFor(trialCase), trialCase.point.subject);
  if (trialCase.moment !== undefined) return problemsOfGivingWay(outcome, before);
  return [...problemsOfEnd(trialCase, outcome, before), ...problemsOfMixture(trialCase, outcome, before)];
}

/** A database in the middle of a rollback opens to no program, whatever happened to its journal. */
function problemsOfMixture(trialCase: TrialCase, { fate, left }: Outcome, before: Observation): string[] {
  const { point, isUnseen, meanwhile } = trialCase;
  const isShut = ({ unlocked, unbolted }: Observation): boolean =>
    unlocked.length === 0 && unbolted.length === 0;
  if (isUnseen || meanwhile !== undefined || !isShut(before) || isShut(left)) return [];
  const isAs = (end: MemoryFs): boolean =>
    wrongWith(trialCase, dataOf(end, point.subject), before, left).length === 0;
  return isAs(point.subject.start) || isAs(point.applied) ? [] : [`it opens a mixed database (${fate})`];
}

/** Before the intent a run gives way to another process: it changes nothing, and opens and leaves no transaction. */
function problemsOfGivingWay({ fate, left }: Outcome, before: Observation): string[] {
  if (fate !== 'ERR_LOCKED') return [`it does not give way (${fate})`];
  const [expected, found] = [before, left].map(({ data, areas }) => JSON.stringify({ data, areas }));
  return expected === found ? [] : ['it gives way, and has changed something'];
}

/** A transaction was named, and it is not the one that is there. */
const isOther = ({ call: { how, id }, point }: TrialCase): boolean =>
  how !== 'purge' && id !== undefined && id !== point.subject.plan.id;

/** Whether a run has finished a rollback or an undo. */
const isEnd = (fate: string): boolean => /^(finished|taken|undone)/.test(fate);

/** Resume leads out of every state, undo of one that is open. */
const isWayOut = ({ call: { how } }: TrialCase, { phase }: Observation): boolean =>
  how === 'resume' || (how === 'undo' && phase === 'open');

function problemsOfEnd(trialCase: TrialCase, { fate, error, left }: Outcome, before: Observation): string[] {
  const { point, call, isUnseen, meanwhile } = trialCase;
  const { subject } = point;
  if (error !== null) {
    if (!(error instanceof RollbackError)) return [`it fails: ${String((error as Error)?.stack ?? error)}`];
    if (trialCase.leadsOut && isWayOut(trialCase, before))
      return [`it is refused (${fate}: ${error.message})`];
    if (codesOf(error).some((code) => DEFECTS.test(code))) return [`it stumbles: ${fate}: ${deepest(error)}`];
    if (meanwhile !== undefined || left.data === before.data) return [];
    if (PART_WAY.includes(error.code) && left.phase === 'open' && left.unlocked.length === 0) return [];
    return [
      `it refuses (${fate}) and has changed ${differing(before.data, left.data).join(', ')}; ${left.phase}`,
    ];
  }
  if (isOther(trialCase) && (isEnd(fate) || `${left.unlocked}` !== `${before.unlocked}`))
    return [`it touches another transaction than the one that is meant (${fate})`];
  if (isUnseen || meanwhile !== undefined) return [];
  const end = !isEnd(fate)
    ? before.data
    : call.how === 'undo' || fate === 'taken-back'
      ? dataOf(subject.start, subject)
      : dataOf(point.applied, subject);
  const wrong = wrongWith(trialCase, end, before, left);
  return wrong.length === 0 ? [] : [`it ends (${fate}) with ${wrong.join(', ')}`];
}

/**
 * Paths with a wrong content in a state, except for the tampered ones. After an undo a keymap whose undo copy was removed
 * is missing, and so is a link below the snapshot directory: the engine rebuilds both at its start.
 */
function wrongWith(trialCase: TrialCase, end: string, before: Observation, left: Observation): string[] {
  const { point } = trialCase;
  const isBefore = end === dataOf(point.subject.start, point.subject);
  const expected = isBefore ? without(notRestored(trialCase), end) : end;
  const tampered = differing(dataOf(point.fs, point.subject), before.data);
  const names = namesOf(tampered, point.subject);
  return differing(expected, left.data).filter((p) => !names.some((m) => p === m || p.startsWith(`${m}/`)));
}

/** Keymaps and snapshot links that the rollback has removed, and tampering their undo copies; paths as in the data. */
function notRestored(trialCase: TrialCase): string[] {
  const { fs, subject } = trialCase.point;
  const tampered = stateFor(trialCase);
  const steps = subject.plan.tables.flatMap((t) => t.steps);
  return steps.flatMap((step, i) => {
    const isKeymap = step.op === 'remove-directory' && step.reason === 'keymap';
    if (!isKeymap && step.op !== 'remove-link') return [];
    const dir = step.file.root === 'snapshots' ? subject.snapshotDir : subject.roots[step.file.root];
    const copy = join(dir as string, '.litt-rollback', subject.plan.id, 'kept', `${i}.removed`);
    const isLost = kindAt(fs, copy) !== null && kindAt(tampered, copy) === null;
    return isLost ? [relative(subject.dir, join(dir as string, step.file.path))] : [];
  });
}

/** Data without what lies at some paths. */
function without(paths: readonly string[], data: string): string {
  const isBelow = (line: string): boolean =>
    paths.some((p) => line.startsWith(`${p} `) || line.startsWith(`${p}/`));
  return data
    .split('\n')
    .filter((line) => !isBelow(line))
    .join('\n');
}

/** Paths, and the other names that the files there had before the rollback. */
function namesOf(paths: readonly string[], { start, dir }: Subject): string[] {
  const entries = entriesBelow(start, dir);
  const ids = new Set(entries.filter(([path]) => paths.includes(path)).map(([, { id }]) => id));
  return [...paths, ...entries.filter(([, { id }]) => ids.has(id)).map(([path]) => path)];
}

const known = new WeakMap<MemoryFs, string>();

/** What a tree that stays as it is shows. */
function dataOf(fs: MemoryFs, subject: Subject): string {
  const data = known.get(fs) ?? observe(fs, subject).data;
  known.set(fs, data);
  return data;
}

function deepest(error: unknown): string {
  const { cause, stack } = error as Error;
  return cause === undefined ? String(stack) : deepest(cause);
}

/** Paths that differ between two looks at the data. */
function differing(a: string, b: string): string[] {
  const [left, right] = [a, b].map((data) => new Set(data.split('\n')));
  const lines = [...(left ?? []), ...(right ?? [])].filter((line) => !(left?.has(line) && right?.has(line)));
  return [...new Set(lines.map((line) => line.slice(0, line.indexOf(' '))))];
}
