/**
 * Forged plans and journals, in memory: fields changed at random, the checksum right. Whatever comes of it, nothing
 * outside of the database changes, and every error has its type.
 */

import { applyWith } from '../../../lib/apply/apply.ts';
import { RollbackError } from '../../../lib/errors.ts';
import { decodeChecksummed, encodeChecksummed } from '../../../lib/format/checksummed-json.ts';
import { findOpen, findTransactions } from '../../../lib/journal/find.ts';
import { parsePlan } from '../../../lib/plan/schema.ts';
import { resumeWith } from '../../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../../lib/recover/undo.ts';
import type { RollbackPlan } from '../../../lib/types.ts';
import { subtree, treeDifferences } from '../../helpers/tree.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { dump, loadTree } from '../simulator/tree-io.ts';
import { bringTo, type Stage, type World } from './forged/world.ts';
import { mutateJson } from './mutate.ts';
import { Rng } from './rng.ts';
import { count, noteTime, type Tally } from './tally.ts';

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
  tally: Tally,
): Promise<void> {
  const rng = new Rng(seed, 'forged', number);
  const { world, stage, fs: original, documents } = rng.pick(staged);
  const fs = original.clone();
  const id = `forged/${number}`;
  const outside = (): ReturnType<typeof dump> => subtree(dump(fs, world.dir), 'canary');
  const before = outside();
  const start = process.cpuUsage();
  const error = await attempt(() =>
    stage === 'untouched' ? applyForged(rng, fs, world) : recoverForged(rng, fs, world, documents),
  );
  noteTime(tally, id, start);
  count(tally, stage === 'untouched' ? 'forged plans' : 'forged journals');
  if (error === null) count(tally, 'forged documents that were carried out');
  const problem = problemOf(error);
  if (problem !== null) tally.findings.push({ id, problem });
  const touched = treeDifferences(before, outside());
  if (touched.length > 0) tally.findings.push({ id, problem: `outside of the database: ${touched[0]}` });
}

/** Runs an action; the error that it throws, or null. */
export async function attempt(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
    return null;
  } catch (error) {
    return error;
  }
}

/** What is wrong with how an action ended; null when nothing is. */
export function problemOf(error: unknown): string | null {
  if (error === null) return null;
  if (!(error instanceof RollbackError)) return `an untyped error: ${String((error as Error).stack)}`;
  return error.kind === 'defect' ? `a defect: ${error.message}` : null;
}

/** A forged plan, its digest right. */
async function applyForged(rng: Rng, fs: MemoryFs, world: World): Promise<void> {
  const forged = mutateJson(rng, world.plan);
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
export async function applyAndTakeBack(fs: MemoryFs, world: World, plan: RollbackPlan): Promise<void> {
  const before = essence(fs, world);
  const error = await attempt(() => applyWith(fs, plan, [...world.roots, world.snapshotDir]));
  if (essence(fs, world).join('\n') !== before.join('\n')) await takeBack(fs, world, before);
  if (error !== null) throw error;
}

async function takeBack(fs: MemoryFs, world: World, before: readonly string[]): Promise<void> {
  const { roots, snapshotDir } = world;
  const open = findOpen(findTransactions(fs, roots)) !== null;
  if (open) await undoOpen(fs, roots, { snapshotDir });
  else await undoWith(fs, roots, [...roots, snapshotDir], { snapshotDir });
  const after = essence(fs, world);
  const wrong =
    after.find((line, i) => line !== before[i]) ?? (after.length < before.length ? 'entries are gone' : null);
  if (wrong !== null && wrong !== undefined) throw new Error(`undo of a forged plan left ${wrong}`);
}

/** Everything of the database itself, a line an entry. */
function essence(fs: MemoryFs, world: World): string[] {
  return [...dump(fs, world.dir, { identity: false })]
    .filter(([path]) => !/(^|\/)(\.litt-rollback(\/|$)|litt\.lock$)/.test(path))
    .map(([path, { mtime: _mtime, ...entry }]) => `${path} ${JSON.stringify(entry)}`);
}

async function recoverForged(
  rng: Rng,
  fs: MemoryFs,
  { roots, snapshotDir }: World,
  documents: readonly string[],
): Promise<void> {
  const everywhere = rng.chance(60);
  const chosen = rng.pick(documents);
  const name = chosen.split('/').at(-1);
  const forged = mutateJson(new Rng(rng.u32(), 'document', 0), decodeChecksummed(contentOf(fs, chosen)));
  for (const path of documents) {
    if (path !== chosen && !(everywhere && path.endsWith(`/${name}`))) continue;
    const own = decodeChecksummed(contentOf(fs, path)) as Record<string, unknown> | null;
    const value = path === chosen || own === null ? forged : { ...(forged as object), member: own['member'] };
    rewrite(fs, path, encodeChecksummed(value));
  }
  const options = { snapshotDir };
  const closed = findOpen(findTransactions(fs, roots)) === null;
  if (closed) await undoWith(fs, roots, [...roots, snapshotDir], options);
  else if (rng.chance(50)) await resumeWith(fs, roots, options);
  else await undoOpen(fs, roots, options);
}

function contentOf(fs: MemoryFs, path: string): Buffer {
  const bytes = Buffer.alloc(fs.lstat(path).size);
  const fd = fs.open(path, 'r');
  fs.readAt(fd, bytes, 0);
  fs.close(fd);
  return bytes;
}

function rewrite(fs: MemoryFs, path: string, bytes: Buffer): void {
  const fd = fs.open(path, 'r+');
  fs.truncate(fd, 0);
  fs.writeAt(fd, bytes, 0);
  fs.close(fd);
}
