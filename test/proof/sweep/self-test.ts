/** Shows that the sweeps can fail: builds copies of the program with a fault each, and sweeps them. */
import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Break, brokenSources } from './breaks.ts';
import { SweepCase } from './cases.ts';
import { stopTasks } from './concurrent.ts';
import { errorTasks } from './errors.ts';
import { killTasks } from './kill.ts';
import type { DiskKind } from './mounts.ts';
import type { Options } from './options.ts';
import { endedTasks } from './power-cut.ts';
import { tool } from './process.ts';
import type { Counted } from './scenario.ts';
import { afterwards, applying, count } from './scenarios.ts';
import { Enough, PROJECT, type Task, TaskPool } from './task-pool.ts';

/** A small one, with a step of each kind that changes a file. */
const CASE = 'tail-with-hole';
/** Of the calls at which a fault is looked for (points). */
const POINTS = 3;
const SHOWN_CHARS = 100;
const SOURCES = ['lib', 'streams', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/** What became of one fault: the first lines of the violation; null when no sweep has noticed it. */
export interface Verdict {
  readonly name: string;
  readonly found: string | null;
}

/** Sweeps a copy for each fault that this machine can look for; `disk` is one that can be cut off. */
export async function* selfTest(options: Options, disk: DiskKind | undefined): AsyncGenerator<Verdict> {
  for (const [one, texts] of brokenSources(PROJECT)) {
    if (one.sweep === 'power' && disk === undefined) continue;
    yield { name: one.name, found: await sweepBroken(one, texts, options, disk) };
  }
}

async function sweepBroken(
  one: Break,
  texts: ReadonlyMap<string, string>,
  options: Options,
  disk: DiskKind | undefined,
): Promise<string | null> {
  const few = { ...options, only: null, every: 1, points: POINTS, violations: 1, quiet: true, keep: false };
  const pool = await TaskPool.of(few, (project) => buildBroken(texts, project));
  const of = await SweepCase.unpack(CASE, pool.scratch, pool.command);
  try {
    await pool.run(await tasksFor(one, pool, of, disk));
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  pool.dispose();
  const [kind] = pool.tally.violations.keys();
  return kind === undefined ? null : shortened(kind);
}

const shortened = (kind: string): string =>
  kind
    .trim()
    .split('\n')
    .map((line) => (line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)}…` : line))
    .join('\n');

/** Copies the sources, puts the fault in, and builds as for a release. */
async function buildBroken(texts: ReadonlyMap<string, string>, project: string): Promise<void> {
  for (const source of SOURCES) cpSync(join(PROJECT, source), join(project, source), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(project, 'node_modules'));
  for (const [path, text] of texts) writeFileSync(join(project, path), text);
  await tool(process.execPath, join(project, 'scripts', 'build.mjs'));
}

async function tasksFor(
  { name, sweep, scenario, at }: Break,
  pool: TaskPool,
  of: SweepCase,
  disk: DiskKind | undefined,
): Promise<Task[]> {
  const named = (wanted: string) => [...applying(of), ...afterwards(of)].find((s) => s.name === wanted)!;
  const apply = await count(pool, named('apply'));
  const whole = scenario === 'apply' ? apply : await count(pool, named(scenario));
  const part: Counted = { ...whole, points: whole.points.filter((point) => at.test(point.text)) };
  if (part.points.length === 0) throw new Error(`"${name}": no call is like ${at}`);
  if (sweep === 'power') return disk === undefined ? [] : endedTasks(pool, part, disk);
  return { kill: killTasks, errors: errorTasks, beside: stopTasks }[sweep](pool, part);
}
