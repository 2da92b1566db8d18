/**
 * Forged plans and journals, in memory: fields changed at random, the checksum right. Whatever comes of it, nothing
 * outside of the database changes, and every error has its type.
 */

import { applyWith } from '../../../lib/apply/apply.ts';
import { decodeChecksummed, encodeChecksummed } from '../../../lib/format/checksummed-json.ts';
import { findOpen, findTransactions } from '../../../lib/journal/find.ts';
import { parsePlan } from '../../../lib/plan/schema.ts';
import { resumeWith } from '../../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../../lib/recover/undo.ts';
import type { RollbackPlan } from '../../../lib/types.ts';
import { addCount } from '../../../scripts/rows.ts';
import { subtree, type Tree, treeDifferences } from '../../helpers/tree.ts';
import { Random } from '../random.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { bytesOf, put } from '../simulator/small-files.ts';
import { dump, loadTree } from '../simulator/tree-io.ts';
import { cameOf, essence, problemsOfEnd, problemsOfUndo } from './forged/judge.ts';
import { bringTo, type Stage, type World } from './forged/world.ts';
import { mutateJson } from './mutate.ts';
import { noteTime, type Report } from './report.ts';

/** A world in memory, at a stage of its rollback. */
export interface StagedWorld {
  readonly world: World;
  readonly stage: Stage | 'untouched';
  readonly fs: MemoryFs;
  /** Paths of the journal's documents and marks. */
  readonly documents: readonly string[];
}

/** Loads a world as it is now, and brings the one on disk to each stage in turn. */
export async function stageWorlds(make: () => Promise<World>): Promise<StagedWorld[]> {
  const staged: StagedWorld[] = [];
  for (const stage of ['untouched', 'begun', 'half', 'closed', 'undoing'] as const) {
    const world = await make();
    if (stage !== 'untouched') await bringTo(world, stage);
    const fs = loadTree(world.dir);
    staged.push({ world, stage, fs, documents: documentsOf(fs, world) });
  }
  return staged;
}

function documentsOf(fs: MemoryFs, world: World): string[] {
  const names = ['journal.json', 'undo.json', 'committed', 'done', 'undoing', 'undone'];
  return [...dump(fs, world.dir).keys()]
    .filter((path) => path.includes('.litt-rollback/') && names.includes(path.split('/').at(-1) ?? ''))
    .map((path) => `${world.dir}/${path}`);
}

/** Tries one forged document. */
export async function tryForged(
  staged: readonly StagedWorld[],
  seed: number,
  number: number,
  report: Report,
): Promise<void> {
  const random = new Random(seed, 'forged', number);
  const { world, stage, fs: original, documents } = random.pick(staged);
  const fs = original.clone();
  const id = `forged/${number}`;
  const outside = (): ReturnType<typeof dump> => subtree(dump(fs, world.dir), 'canary');
  const before = outside();
  const came = await cameOf(() =>
    stage === 'untouched' ? applyForged(random, fs, world) : recoverForged(random, fs, world, documents),
  );
  noteTime(report, id, came.took);
  addCount(report.counts, stage === 'untouched' ? 'forged plans' : 'forged journals');
  if (came.error === null) addCount(report.counts, 'forged documents that were carried out');
  for (const problem of problemsOfEnd(came)) report.findings.push({ id, problem });
  const touched = treeDifferences(before, outside());
  if (touched.length > 0) report.findings.push({ id, problem: `outside of the database: ${touched[0]}` });
}

/** A forged plan, its digest right. */
async function applyForged(random: Random, fs: MemoryFs, world: World): Promise<void> {
  const forged = mutateJson(random, world.plan);
  let plan: RollbackPlan;
  try {
    plan = parsePlan(forged);
  } catch {
    return; // refused by its shape; the parsers' part looks at how
  }
  // Roots and snapshot directory are what a person would have been shown.
  await applyAndTakeBack(fs, world, {
    ...plan,
    roots: world.plan.roots,
    snapshotDir: world.plan.snapshotDir,
  });
}

/** Applies a plan; if that has changed anything, undo must restore every byte. Throws what the apply has thrown. */
export async function applyAndTakeBack(
  fs: MemoryFs,
  { dir, roots, snapshotDir }: World,
  plan: RollbackPlan,
): Promise<void> {
  const look = (): Tree => dump(fs, dir, { identity: false });
  const before = look();
  const { error } = await cameOf(() => applyWith(fs, plan, [...roots, snapshotDir]));
  if (treeDifferences(essence(before), essence(look())).length > 0) {
    const undo = (): Promise<unknown> =>
      findOpen(findTransactions(fs, roots)) !== null
        ? undoOpen(fs, roots, { snapshotDir })
        : undoWith(fs, roots, [...roots, snapshotDir], { snapshotDir });
    const [problem] = await problemsOfUndo(before, undo, look);
    if (problem !== undefined) throw new Error(problem, { cause: error });
  }
  if (error !== null) throw error;
}

async function recoverForged(
  random: Random,
  fs: MemoryFs,
  { roots, snapshotDir }: World,
  documents: readonly string[],
): Promise<void> {
  const everywhere = random.chance(60);
  const chosen = random.pick(documents);
  const name = chosen.split('/').at(-1);
  const forged = mutateJson(new Random(random.u32(), 'document', 0), decodeChecksummed(bytesOf(fs, chosen)));
  for (const path of documents) {
    if (path !== chosen && !(everywhere && path.endsWith(`/${name}`))) continue;
    const own = decodeChecksummed(bytesOf(fs, path)) as Record<string, unknown> | null;
    const value = path === chosen || own === null ? forged : { ...(forged as object), member: own['member'] };
    put(fs, path, encodeChecksummed(value));
  }
  const options = { snapshotDir };
  const closed = findOpen(findTransactions(fs, roots)) === null;
  if (closed) await undoWith(fs, roots, [...roots, snapshotDir], options);
  else if (random.chance(50)) await resumeWith(fs, roots, options);
  else await undoOpen(fs, roots, options);
}
