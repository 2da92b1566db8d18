/**
 * A small database in a place where trespassing shows: two roots, three tables, a snapshot directory, and beside
 * them a canary that looks like a database. Plans and transactions in every state are made on it.
 */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyWith } from '../../../../lib/apply/apply.ts';
import { planRollback, type RollbackPlan } from '../../../../lib/index.ts';
import { undoWith } from '../../../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../../../lib/store/durable-fs.ts';
import { lockDatabase } from '../../../../lib/store/lock-database.ts';
import { readRecords } from '../../../helpers/bytes.ts';
import { CHANGING_CALLS } from '../../../helpers/fs-calls.ts';
import { inOrder } from '../../../helpers/image.ts';
import { buildDatabase, type SegmentSpec, type TableSpec } from '../../../helpers/table-builder.ts';
import { BOLT } from '../../own-files.ts';

/** A database and its surroundings. */
export interface World {
  /** Holds everything. */
  readonly dir: string;
  readonly roots: readonly string[];
  readonly snapshotDir: string;
  /** Nothing may ever change in here. */
  readonly canary: string;
  /** The roots' plan: it removes, cuts, rewrites and replaces. */
  readonly plan: RollbackPlan;
}

/** The table that is cut; the one whose key file is rewritten; the one outside the plan. */
export const TABLES = { cut: 'cut', sealed: 'sealed', outside: 'outside' } as const;

const GROUPS = Array.from({ length: 6 }, (_, i) => ({
  shard: i,
  size: 40,
  secondaries: i % 3,
  pad: 8,
}));

const segment = (changes: Partial<SegmentSpec> = {}): SegmentSpec => ({
  version: 4,
  shards: 2,
  compression: 0,
  rootOrder: 0,
  groups: GROUPS,
  ...changes,
});

const table = (name: string, changes: Partial<TableSpec> = {}): TableSpec => ({
  name,
  first: 0,
  segments: [segment(), segment(), segment(), segment()],
  tail: null,
  keymap: true,
  watermark: null,
  ...changes,
});

/** A crash lost the end of shard 0: the groups that sealing drops lie between kept ones. */
const CRASHED = { lost: [50, 0, 0, 0, 0], unclosed: 0, torn: 0 };

const SPECIFICATION = [
  table(TABLES.cut, { snapshot: { consumed: false, lower: 2 }, watermark: 0, leftovers: ['keys'] }),
  table(TABLES.sealed, { segments: [segment(), segment()], tail: CRASHED }),
  table(TABLES.outside),
];

/** Builds the world in an empty directory and plans a rollback there. */
export async function makeWorld(dir: string): Promise<World> {
  const built = buildDatabase({ seed: 7, roots: 2, tables: SPECIFICATION }, dir);
  const snapshotDir = built.snapshotDir as string;
  const canary = join(dir, 'canary');
  makeCanary(canary, built.roots[0] as string);
  const [, second] = inOrder(built.image.get(TABLES.cut)!);
  const wanted = readRecords(second!.keys!)[3]!.key;
  const plan = await planRollback({
    roots: built.roots,
    snapshotDir,
    tables: [TABLES.cut, TABLES.sealed],
    target: { kind: 'filter', filter: (name, key) => name !== TABLES.cut || key.equals(wanted) },
  });
  return { dir, roots: built.roots, snapshotDir, canary, plan };
}

/** What a forged path would reach: tables, kept files and marks under the names that are in use. */
function makeCanary(canary: string, root: string): void {
  for (const name of Object.values(TABLES)) {
    cpSync(join(root, name), join(canary, name), { recursive: true, verbatimSymlinks: true });
  }
  mkdirSync(join(canary, 'segments'));
  writeFileSync(join(canary, 'segments', '9.keys'), 'outside');
  symlinkSync('../../0.keys', join(canary, TABLES.cut, 'segments', '9.keys'));
  writeFileSync(join(canary, 'segments', BOLT), '');
  for (let i = 0; i < 40; i++) {
    for (const what of ['removed', 'original', 'tail', 'new', 'cleared']) {
      writeFileSync(join(canary, `${i}.${what}`), `${i} outside`);
    }
  }
}

/** Says at which change a run stops: it is given the name of the call and its arguments. */
export type StopAt = (call: string, args: readonly unknown[]) => boolean;

/** The machine's file system, on which nothing changes any more from one change on: as after a kill. */
export function stoppingFs(stopAt: StopAt): DurableFs {
  let stopped = false;
  const fs: Record<string, unknown> = { ...realFs };
  const refuse = (name: string, args: readonly unknown[]): void => {
    stopped ||= stopAt(name, args);
    if (stopped) throw Object.assign(new Error('stopped here'), { code: 'EIO' });
  };
  for (const name of CHANGING_CALLS) {
    const call = fs[name] as (...args: unknown[]) => unknown;
    fs[name] = (...args: unknown[]) => {
      refuse(name, args);
      return call(...args);
    };
  }
  const { open } = realFs;
  fs['open'] = (...args: Parameters<DurableFs['open']>) => {
    if (args[1] === 'wx') refuse('open', args);
    return open(...args);
  };
  return fs as unknown as DurableFs;
}

/** How far a transaction has come. */
export type Stage = 'begun' | 'half' | 'closed' | 'undoing';

const toCommitted: StopAt = (call, args) => call === 'rename' && /\/committed$/.test(String(args[1]));
/** A step; the preflight renames the same file, too, and not into the undo data. */
const halfWay: StopAt = (call, args) =>
  call === 'rename' &&
  args.some((a) => /\/cut\/segments\/2\.keys$/.test(String(a))) &&
  args.some((a) => String(a).includes('/kept/'));

/** Brings the world's rollback to a stage; a run that is stopped leaves what a killed one leaves. */
export async function bringTo(world: World, stage: Stage): Promise<void> {
  const { plan, roots, snapshotDir } = world;
  const locks = await lockDatabase(roots, snapshotDir);
  const stops: Record<Stage, StopAt> = {
    begun: toCommitted,
    half: halfWay,
    closed: () => false,
    undoing: () => false,
  };
  const run = (stop: StopAt, work: (fs: DurableFs) => Promise<unknown>): Promise<void> =>
    work(stoppingFs(stop)).then(
      () => undefined,
      (error: unknown) => {
        if (!String((error as Error).message).includes('EIO')) throw error;
      },
    );
  await run(stops[stage], (fs) => applyWith(fs, plan, locks));
  locks.release();
  if (stage !== 'undoing') return;
  const again = await lockDatabase(roots, snapshotDir);
  await run(halfWay, (fs) => undoWith(fs, roots, again, { snapshotDir }));
  again.release();
}
