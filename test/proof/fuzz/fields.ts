/**
 * Every field of a plan forged alone, in memory, the digest right: another number, another text, nothing at all, an
 * element left out or twice. What follows from the rest of the plan or from the files that are there is refused
 * before the first change; what only the records could tell ends as something that undo takes back.
 */

import { refuseUnlocked } from '../../../lib/apply/apply.ts';
import { parsePlan } from '../../../lib/plan/schema.ts';
import type { RollbackPlan } from '../../../lib/types.ts';
import { addCount } from '../../../scripts/rows.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { dump, loadTree } from '../simulator/tree-io.ts';
import { type Came, cameOf, problemsOfEnd } from './forged/judge.ts';
import type { World } from './forged/world.ts';
import { applyAndTakeBack } from './forged.ts';
import { noteTime, type Report } from './report.ts';

/** A plan with one field forged. */
export interface ForgedField {
  /** The field and what became of it: `tables.0.watermark = 1`. */
  readonly name: string;
  readonly plan: unknown;
}

/** Words for a person, and names of the plan itself: nothing depends on them. */
const WORDS =
  /^(?:id|createdAt|target|digest|notices|tablesOutside|databases\.\d+\.name|tables\.\d+\.notices)\b/;

/** What only the records could tell, and how much of it the person has asked for. */
const RECORDS =
  /^tables\.\d+\.(?:(?:pivot|lastKept|firstRemoved)\b|(?:kept|removed)\.records|acceptedDamage|snapshotCopies\.through|steps\.\d+(?:\.to|\.after)?\b)/;

/** Tries every field of the world's plan. */
export async function tryFields(world: World, only: string | null, report: Report): Promise<void> {
  const original = loadTree(world.dir);
  for (const { name, plan } of forgedFields(JSON.parse(JSON.stringify(world.plan)))) {
    const id = `fields/${name}`;
    if (only !== null && only !== id) continue;
    const fs = original.clone();
    const before = stateOf(fs, world);
    const came = await cameOfField(fs, world, plan);
    if (came !== null) noteTime(report, id, came.took);
    addCount(report.counts, 'plan fields forged alone');
    const isRefused = came === null || (came.error !== null && stateOf(fs, world) === before);
    if (!isRefused) addCount(report.counts, 'plan fields that nothing holds to the database');
    if (!isRefused && !WORDS.test(name) && !RECORDS.test(name)) {
      report.findings.push({ id, problem: 'it was not refused, or too late' });
    }
    for (const problem of came === null ? [] : problemsOfEnd(came)) report.findings.push({ id, problem });
  }
}

const stateOf = (fs: MemoryFs, { dir }: World): string => JSON.stringify([...dump(fs, dir)]);

/** What came of a plan; null where it is refused by its shape. */
async function cameOfField(fs: MemoryFs, world: World, forged: unknown): Promise<Came | null> {
  let plan: RollbackPlan;
  try {
    plan = parsePlan(forged);
  } catch {
    return null;
  }
  return cameOf(async () => {
    refuseUnlocked(plan);
    await applyAndTakeBack(fs, world, plan);
  });
}

type Container = Record<string, unknown>;
type Path = readonly string[];

/** Every field of a document, with every value that it is forged to. */
export function* forgedFields(document: unknown): Generator<ForgedField> {
  for (const path of placesOf(document)) {
    const old = valueAt(document, path);
    for (const [said, value] of variantsOf(old)) {
      const plan = structuredClone(document);
      const parent = valueAt(plan, path.slice(0, -1)) as Container;
      parent[path.at(-1) as string] = structuredClone(value);
      yield { name: `${path.join('.')} = ${said}`, plan };
    }
    if (!Array.isArray(valueAt(document, path.slice(0, -1)))) continue;
    for (const copies of [0, 2]) {
      const plan = structuredClone(document);
      const list = valueAt(plan, path.slice(0, -1)) as unknown[];
      list.splice(Number(path.at(-1)), 1, ...Array.from({ length: copies }, () => structuredClone(old)));
      yield { name: `${path.join('.')} ${copies === 0 ? 'left out' : 'twice'}`, plan };
    }
  }
}

function* placesOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) yield* placesOf((value as Container)[key], [...path, key]);
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Container)[key], document);
}

function variantsOf(old: unknown): [string, unknown][] {
  const variants: unknown[] = [null];
  if (typeof old === 'number') variants.push(old + 1, old - 1, 0, old + 1000);
  else if (typeof old === 'boolean') variants.push(!old);
  else if (typeof old === 'string') variants.push('', `${old.slice(0, -1)}${old.endsWith('1') ? '2' : '1'}`);
  else if (Array.isArray(old)) variants.push([]);
  else if (old === null) variants.push(0, 1, 'x');
  return variants.filter((v) => JSON.stringify(v) !== JSON.stringify(old)).map((v) => [JSON.stringify(v), v]);
}
