/**
 * The subjects on which mutants are tried: few and small, chosen from random ones so that together they do
 * everything. Which they are follows from the seed and from what their plans do.
 */
import fc from 'fast-check';
import { isSync } from '../simulator/faulty-fs.ts';
import { Invariants } from '../simulator/invariants.ts';
import { Judge } from '../simulator/judge.ts';
import {
  applyRun,
  interrupted,
  killed,
  laterRuns,
  type Recording,
  type Run,
  record,
  recoveries,
} from '../simulator/runs.ts';
import { makeSubject, type Subject, subjectSpec } from '../simulator/subject.ts';

/** A subject, and every run of it with what it did. */
export interface Prepared {
  readonly subject: Subject;
  readonly judge: Judge;
  readonly runs: readonly { readonly run: Run; readonly recording: Recording }[];
}

const SEED = 1;
/** Random subjects to choose from. */
const DRAWN = 80;
/** A subject with more calls than this takes long, and shows no more. */
const MOST_CALLS = 420;
/** States of an interrupted run from which recovery is tried. */
const PLACES = 6;

/** At most `count` subjects, with their runs. */
export async function prepareSubjects(count: number): Promise<Prepared[]> {
  const known = new Set<string>();
  const prepared: Prepared[] = [];
  for (const subject of await chooseSubjects(count)) prepared.push(await prepare(subject, known));
  return prepared;
}

/** At most `count` subjects. */
export async function chooseSubjects(count: number): Promise<Subject[]> {
  const drawn: { subject: Subject; features: Set<string>; calls: number }[] = [];
  for (const spec of fc.sample(subjectSpec, { seed: SEED, numRuns: DRAWN })) {
    const subject = await makeSubject(spec);
    if (subject === null) continue;
    const { ops } = await record(applyRun(subject), { sites: true });
    if (ops.length <= MOST_CALLS)
      drawn.push({ subject, features: featuresOf(subject, ops), calls: ops.length });
  }
  const chosen: Subject[] = [];
  const shown = new Set<string>();
  while (chosen.length < count) {
    const worth = ({ features, calls }: (typeof drawn)[number]): number =>
      [...features].filter((f) => !shown.has(f)).length / (200 + calls);
    const best = drawn.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    if (worth(best) === 0) break;
    chosen.push(best.subject);
    for (const feature of best.features) shown.add(feature);
  }
  return chosen;
}

/** Places that sync, and what else makes a difference. */
function featuresOf(subject: Subject, ops: Recording['ops']): Set<string> {
  const { plan, roots, keepUndo, start, snapshotDir } = subject;
  const steps = plan.tables.flatMap((t) => t.steps.map((s) => `${s.op} of ${s.file.root === 'snapshots'}`));
  const log = plan.logIndex?.step;
  const logs = log == null ? [] : [`log with an older one ${log.from !== null} undo ${keepUndo}`];
  return new Set([
    ...ops.filter(isSync).map((op) => op.site),
    ...steps,
    ...logs,
    ...steps.map((s) => `${s} with reflinks ${start.options.reflinks}`),
    `undo ${keepUndo}`,
    `tables ${plan.tables.length > 1}`,
    `roots ${Math.min(roots.length, 3)} undo ${keepUndo}`,
    `snapshots ${snapshotDir !== undefined} undo ${keepUndo}`,
    `owner ${start.lstat(subject.dir).uid}`,
  ]);
}

const endsWithRemoval = ({ promised }: Run): boolean => promised.kept === 'nothing';

/** The disk has no room for the audit line: then nothing is freed, and what was promised must hold without that. */
function withoutItsLine(run: Run): Run {
  const failWhen = ({ paths }: Recording['ops'][number]): boolean => /\.audit\./.test(paths[0] ?? '');
  const promised = { ...run.promised, action: null, untidy: true };
  return { ...run, name: `${run.name} without its line`, fault: { failWhen }, promised };
}

async function prepare(subject: Subject, known: Set<string>): Promise<Prepared> {
  const apply = applyRun(subject);
  const applied = await record(apply, { sites: true });
  const runs = [{ run: apply, recording: applied }];
  const add = async (run: Run): Promise<Recording> => {
    const recording = await record(run, { sites: true });
    runs.push({ run, recording });
    return recording;
  };
  const later = laterRuns(subject, applied.end);
  for (const run of [apply, ...later].filter(endsWithRemoval)) await add(withoutItsLine(run));
  const addRecoveries = async (run: Run, recording: Recording): Promise<void> => {
    const lefts = [
      ...interrupted(subject, run, recording, PLACES, SEED),
      ...killed(subject, run, recording, known),
    ];
    for (const left of lefts) for (const again of recoveries(subject, left)) await add(again);
  };
  await addRecoveries(apply, applied);
  for (const run of later) await addRecoveries(run, await add(run));
  return { subject, judge: new Judge(subject, new Invariants(subject, applied.end), 0, SEED), runs };
}
