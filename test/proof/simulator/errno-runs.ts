/** Small runs of the program in memory, in which one call fails with one error. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyWith } from '../../../lib/apply/apply.ts';
import { openDatabase, planRollback, type RollbackPlan, verifyDatabase } from '../../../lib/index.ts';
import { purgeWith } from '../../../lib/recover/purge.ts';
import { resumeWith } from '../../../lib/recover/resume.ts';
import { statusWith } from '../../../lib/recover/status.ts';
import { undoOpen, undoWith } from '../../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../../lib/store/durable-fs.ts';
import { acquireLocks, type LockSet } from '../../../lib/store/lock.ts';
import { buildDatabase, type DatabaseSpec, type TableSpec } from '../../helpers/table-builder.ts';
import { removeTempDir, tempDir } from '../../helpers/temp.ts';
import { type Fault, FaultyFs } from './faulty-fs.ts';
import type { MemoryFs } from './memory-fs.ts';
import { loadTree } from './tree-io.ts';

/** A run from where it begins. */
export interface ErrnoRun {
  readonly name: (typeof NAMES)[number];
  /** Whether a rollback is unfinished when it begins. */
  readonly beginsOpen: boolean;
  readonly roots: readonly string[];
  readonly from: MemoryFs;
  readonly work: (fs: DurableFs) => unknown;
}

/** A call that failed. */
export interface FailedCall {
  readonly name: string;
  readonly paths: readonly string[];
  readonly changes: boolean;
}

/** What became of a run. */
export interface Ran {
  readonly fs: FaultyFs;
  readonly end: MemoryFs;
  readonly error: unknown;
  readonly notices: readonly string[];
}

const NAMES = [
  'plan',
  'verify',
  'reading of records',
  'apply',
  'undo',
  'purge',
  'resume',
  'undo of a half-applied rollback',
  'resume of an undo',
  'status of a finished rollback',
  'status of an unfinished rollback',
] as const;

const segment = (version: 3 | 4) =>
  ({
    version,
    shards: 1,
    compression: 0,
    rootOrder: 0,
    groups: [
      { shard: 0, size: 40, secondaries: 0, pad: 0 },
      { shard: 0, size: 9, secondaries: 1, pad: 3 },
    ],
  }) as const;

/** Cut in place, with a keymap and a watermark. */
const PLAIN: TableSpec = {
  name: 'plain',
  first: 3,
  segments: [segment(4), segment(4)],
  tail: null,
  keymap: true,
  watermark: 0,
};

/** Exchanged, because of the hard links of a snapshot, with links and bounds outside. */
const PUBLISHED: TableSpec = {
  ...PLAIN,
  name: 'published',
  watermark: null,
  snapshot: { consumed: false, lower: 0 },
};

const SPEC: DatabaseSpec = { seed: 7, roots: 1, tables: [PLAIN, PUBLISHED] };

/** A small database with a rollback, and everything that is done with it. */
export class SmallDatabase {
  static readonly RUNS = NAMES;

  private constructor(
    readonly dir: string,
    private readonly roots: readonly string[],
    private readonly snapshotDir: string,
    private readonly lockedDirs: readonly string[],
    private readonly plan: RollbackPlan,
    private readonly start: MemoryFs,
  ) {}

  /** Builds it on disk, plans there, and takes it into memory. */
  static async make(): Promise<SmallDatabase> {
    const dir = tempDir();
    const { roots, snapshotDir = '' } = buildDatabase(SPEC, dir);
    const below = readdirSync(snapshotDir).map((table) => join(snapshotDir, table));
    const lockedDirs = [...roots, snapshotDir, ...below];
    const plan = await planRollback({ roots, snapshotDir, target: { kind: 'drop-last', groups: 3 } });
    const start = loadTree(dir);
    removeTempDir(dir);
    return new SmallDatabase(dir, roots, snapshotDir, lockedDirs, plan, start);
  }

  /** Every run: of a whole rollback, of one that died half-way, and of an undo that did. */
  async runs(): Promise<ErrnoRun[]> {
    const { roots, snapshotDir, plan, start } = this;
    const apply = this.locked((fs, locks) => applyWith(fs, plan, locks));
    const undo = this.locked((fs, locks) => undoWith(fs, roots, locks, { snapshotDir }));
    const purge = this.locked((fs, { dirs }) => purgeWith(fs, dirs));
    const resume = (fs: DurableFs): unknown => resumeWith(fs, roots, { snapshotDir });
    const undoHalf = (fs: DurableFs): unknown => undoOpen(fs, roots, { snapshotDir });
    const status = (fs: DurableFs): unknown => statusWith(fs, roots);
    const applied = (await run(start, apply)).end;
    const half = await halfOf(start, apply);
    const halfBack = await halfOf(applied, undo);
    const closed = { roots, beginsOpen: false };
    const open = { roots, beginsOpen: true };
    const target = { kind: 'drop-last', groups: 3 } as const;
    return [
      {
        ...closed,
        name: 'plan',
        from: start,
        work: inPlaceOfReal(() => planRollback({ roots, snapshotDir, target })),
      },
      { ...closed, name: 'verify', from: start, work: inPlaceOfReal(() => verifyDatabase(roots)) },
      { ...closed, name: 'reading of records', from: start, work: inPlaceOfReal(() => recordsOf(roots)) },
      { ...closed, name: 'apply', from: start, work: apply },
      { ...closed, name: 'undo', from: applied, work: undo },
      { ...closed, name: 'purge', from: applied, work: purge },
      { ...open, name: 'resume', from: half, work: resume },
      { ...open, name: 'undo of a half-applied rollback', from: half, work: undoHalf },
      { ...open, name: 'resume of an undo', from: halfBack, work: resume },
      { ...closed, name: 'status of a finished rollback', from: applied, work: status },
      { ...open, name: 'status of an unfinished rollback', from: half, work: status },
    ];
  }

  /** Does it under the locks, as a command does. */
  private locked(work: (fs: DurableFs, locks: LockSet) => Promise<unknown>): ErrnoRun['work'] {
    return async (fs) => {
      const locks = acquireLocks(fs, this.lockedDirs);
      try {
        return await work(fs, locks);
      } finally {
        locks.release();
      }
    };
  }
}

/** What library calls work on, which take no file system: the real one, with another one's calls for a while. */
function inPlaceOfReal(work: () => Promise<unknown>): ErrnoRun['work'] {
  return async (fs) => {
    const real = { ...realFs };
    const calls = Object.keys(real).map((name) => [name, fs[name as keyof DurableFs].bind(fs)]);
    Object.assign(realFs, Object.fromEntries(calls));
    try {
      return await work();
    } finally {
      Object.assign(realFs, real);
    }
  };
}

async function recordsOf(roots: readonly string[]): Promise<unknown> {
  const reader = await openDatabase(roots);
  let count = 0;
  for (const { name } of reader.tables) {
    for (const reverse of [false, true]) for await (const _ of reader.records(name, { reverse })) count++;
  }
  return { count };
}

/** Runs something on a copy. */
export async function run(from: MemoryFs, work: ErrnoRun['work'], fault: Fault = {}): Promise<Ran> {
  const end = from.clone();
  const fs = new FaultyFs(end, fault);
  try {
    const answer = (await work(fs)) as {
      notices?: readonly string[];
      unreadable?: readonly { problem: string }[];
    };
    const notices = [...(answer.notices ?? []), ...(answer.unreadable ?? []).map((u) => u.problem)];
    return { fs, end, error: null, notices };
  } catch (error) {
    return { fs, end, error, notices: [] };
  }
}

/** What is left where the process dies in the middle of the steps of a run: half of its calls come before them. */
async function halfOf(from: MemoryFs, work: ErrnoRun['work']): Promise<MemoryFs> {
  const { fs } = await run(from, work);
  const half = await run(from, work, { crashAt: Math.floor(fs.ops.length * 0.7) });
  return half.end;
}

/** The call that has failed; null where none has. */
export function failedCall({ fs }: Ran): FailedCall | null {
  const { failedRead } = fs;
  if (failedRead !== null) return { name: failedRead.name, paths: [failedRead.path], changes: false };
  const op = fs.ops.find(({ fate }) => fate === 'failed');
  return op === undefined ? null : { name: op.name, paths: op.paths, changes: true };
}
