/**
 * What is demanded of the program wherever somebody has meddled with a database: it refuses with an error of its own
 * and changes nothing, or it stops part-way and shut, or it ends where it should but for what was meddled with.
 */
import { RollbackError } from '../../../lib/errors.ts';
import { type Look, look } from '../simulator/judge.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import type { Subject } from '../simulator/subject.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import { codesOf, type Outcome, type Situation, stateFor } from './attempt.ts';

/** Refusals of runs that may have changed something before. */
const PART_WAY: readonly string[] = ['ERR_UNFINISHED', 'ERR_RESULT_WRONG', 'ERR_IO'];
const DEFECTS = /^((Type|Range|Reference|Syntax|Assertion|)Error|ERR_DEFECT)$/;

/** Everything that is wrong with what came of a situation. */
export function problemsOf(situation: Situation, outcome: Outcome): string[] {
  const before = look(stateFor(situation), situation.stage.subject);
  return [...problemsOfEnd(situation, outcome, before), ...problemsOfMixture(situation, outcome, before)];
}

/** A database that was neither begun nor finished is opened to nobody, whatever has become of its journal. */
function problemsOfMixture(situation: Situation, { fate, left }: Outcome, before: Look): string[] {
  const { stage, isUnseen, meanwhile } = situation;
  const isShut = ({ unlocked, unbolted }: Look): boolean => unlocked.length === 0 && unbolted.length === 0;
  if (isUnseen || meanwhile !== undefined || !isShut(before) || isShut(left)) return [];
  const isAs = (end: MemoryFs): boolean =>
    wrongWith(situation, dataOf(end, stage.subject), before, left).length === 0;
  return isAs(stage.subject.start) || isAs(stage.applied) ? [] : [`it opens a mixed database (${fate})`];
}

function problemsOfEnd(situation: Situation, { fate, error, left }: Outcome, before: Look): string[] {
  const { stage, call, isUnseen, meanwhile } = situation;
  const { subject } = stage;
  if (error !== null) {
    if (!(error instanceof RollbackError)) return [`it fails: ${String((error as Error)?.stack ?? error)}`];
    if (codesOf(error).some((code) => DEFECTS.test(code))) return [`it stumbles: ${fate}: ${deepest(error)}`];
    if (meanwhile !== undefined || left.data === before.data) return [];
    if (PART_WAY.includes(error.code) && left.phase === 'open' && left.unlocked.length === 0) return [];
    return [
      `it refuses (${fate}) and has changed ${differing(before.data, left.data).join(', ')}; ${left.phase}`,
    ];
  }
  if (isUnseen || meanwhile !== undefined) return [];
  const isChanging = /^(finished|taken|undone)/.test(fate);
  const end = !isChanging
    ? before.data
    : call.how === 'undo' || fate === 'taken-back'
      ? dataOf(subject.start, subject)
      : dataOf(stage.applied, subject);
  const wrong = wrongWith(situation, end, before, left);
  return wrong.length === 0 ? [] : [`it ends (${fate}) with ${wrong.join(', ')}`];
}

/** Paths of which a state shows something else than it should, but for what was meddled with. */
function wrongWith({ stage }: Situation, end: string, before: Look, left: Look): string[] {
  const meddled = differing(dataOf(stage.fs, stage.subject), before.data);
  const names = namesOf(meddled, stage.subject);
  return differing(end, left.data).filter((p) => !names.some((m) => p === m || p.startsWith(`${m}/`)));
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
  const data = known.get(fs) ?? look(fs, subject).data;
  known.set(fs, data);
  return data;
}

function deepest(error: unknown): string {
  const { cause, stack } = error as Error;
  return cause === undefined ? String(stack) : deepest(cause);
}

/** Paths of which two looks at the data show different things. */
function differing(a: string, b: string): string[] {
  const [left, right] = [a, b].map((data) => new Set(data.split('\n')));
  const lines = [...(left ?? []), ...(right ?? [])].filter((line) => !(left?.has(line) && right?.has(line)));
  return [...new Set(lines.map((line) => line.slice(0, line.indexOf(' '))))];
}
