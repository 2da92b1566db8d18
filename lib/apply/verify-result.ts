/** Verifies the result of an apply: reads it back from the disk and compares it with the plan. */
import { surveySegment } from '../../streams/reverse-records.ts';
import { type ErrorCode, RollbackError } from '../errors.ts';
import { notePhase } from '../phases.ts';
import { segmentsLeft } from '../plan/consistency.ts';
import { changesSegment, watermarkAfter } from '../plan/step-effects.ts';
import { fileKey } from '../plan/step-paths.ts';
import { planSnapshots } from '../planner/snapshots.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { readPlanned } from '../store/home.ts';
import type { FileInfo, Segment, Table } from '../store/types.ts';
import type { Progress, RollbackPlan, TablePlan } from '../types.ts';

/** These errors name the remaining state themselves, or say nothing about the database. */
const KEPT_CODES: readonly ErrorCode[] = ['ERR_RESULT_WRONG', 'ERR_IO', 'ERR_INTERRUPTED', 'ERR_DEFECT'];

/** How to verify. */
export interface VerifyResultOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Whether the engine's own files are accepted: segments above the newest, keymaps, links, segments that it
   * has collected.
   */
  readonly engineMayHaveStarted?: boolean | undefined;
}

/**
 * Reads the tables of a plan again and checks the chain and every segment that the plan has changed: sizes,
 * counts, groups, addresses.
 * @throws RollbackError ERR_RESULT_WRONG: the transaction stays open
 */
export async function verifyResult(
  fs: DurableFs,
  plan: RollbackPlan,
  options: VerifyResultOptions = {},
): Promise<void> {
  notePhase('verify', plan.id);
  try {
    await verifyAll(fs, plan, options);
  } catch (error) {
    throw unreadable(error);
  }
}

async function verifyAll(
  fs: DurableFs,
  plan: RollbackPlan,
  { onProgress, engineMayHaveStarted = false }: VerifyResultOptions,
): Promise<void> {
  const database = readPlanned(fs, plan);
  for (const tablePlan of plan.tables) {
    const table = database.tables.find((t) => t.name === tablePlan.table);
    if (table === undefined) throw resultWrongError(tablePlan.table, 'the table is gone');
    if (engineMayHaveStarted)
      refuseWrongChain(tablePlan, withoutEngine(plan, tablePlan, table), table.segments[0]?.index ?? 0);
    else refuseWrongChain(tablePlan, table, 0);
    const changed = new Set(tablePlan.steps.filter(changesSegment).map((s) => s.segment));
    const segments = table.segments.filter((s) => changed.has(s.index));
    for (const [i, segment] of segments.entries()) {
      await refuseWrongSegment(fs, tablePlan, segment);
      onProgress?.({
        phase: 'verify',
        table: table.name,
        done: i + 1,
        total: segments.length,
        unit: 'segments',
      });
    }
    const highest = table.segments.at(-1)?.index ?? null;
    const emptied = tablePlan.segments.length > 0 && highest === null;
    if (
      !engineMayHaveStarted &&
      tablePlan.steps.length > 0 &&
      (highest !== null || emptied) &&
      planSnapshots(fs, table, plan.snapshotDir, { highest, firstChanged: null }).steps.length > 0
    ) {
      throw resultWrongError(
        table.name,
        'snapshot links or bounds are left that lead above the newest segment',
      );
    }
  }
}

/**
 * The table without later files of an engine: keymaps, and segments above the newest, unless they are the
 * removed ones coming back.
 */
function withoutEngine(plan: RollbackPlan, tablePlan: TablePlan, table: Table): Table {
  const expected = segmentsLeft(tablePlan);
  const highest = expected.at(-1) ?? -1;
  const before = new Map(plan.fingerprint.map(([root, path, size]) => [fileKey({ root, path }), size]));
  // All metadata files have the same size, so comparing it would prove nothing.
  const isBack = (f: FileInfo): boolean =>
    f.size > 0 &&
    !f.rel.endsWith('.metadata') &&
    before.get(fileKey({ root: f.root, path: f.rel })) === f.size;
  const isMade = (s: Segment): boolean => s.index > highest && ![s.keys, ...s.values].some(isBack);
  return {
    ...table,
    segments: table.segments.filter((s) => !isMade(s)),
    orphans: table.orphans.filter((o) => o.index <= highest || o.files.some(isBack)),
    watermark: watermarkAfter(tablePlan),
    keymaps: [],
    leftovers: [],
  };
}

function refuseWrongChain(plan: TablePlan, table: Table, collectedBelow: number): void {
  const expected = segmentsLeft(plan).filter((index) => index >= collectedBelow);
  const found = table.segments.map((s) => s.index);
  if (expected.length !== found.length || expected.some((index, i) => index !== found[i])) {
    throw resultWrongError(
      plan.table,
      `segments ${found.join(', ') || 'none'} are there instead of ${expected.join(', ') || 'none'}`,
      table.segments.find((s, i) => s.index !== expected[i]),
    );
  }
  if (plan.steps.length === 0) return;
  const watermark = watermarkAfter(plan);
  if (table.watermark !== watermark)
    throw resultWrongError(plan.table, `the gc-watermark is ${table.watermark} instead of ${watermark}`);
  if (table.orphans.length > 0)
    throw resultWrongError(plan.table, `segment ${table.orphans[0]?.index} is incomplete`);
  if (table.leftovers.length > 0) throw resultWrongError(plan.table, `${table.leftovers[0]?.path} is left`);
  if (plan.removesKeymap && table.keymaps.length > 0)
    throw resultWrongError(plan.table, `${table.keymaps[0]?.path} is left`);
}

async function refuseWrongSegment(fs: DurableFs, plan: TablePlan, segment: Segment): Promise<void> {
  const survey = await surveySegment(segment, { fs });
  const { metadata } = segment;
  if (!metadata.sealed) throw resultWrongError(plan.table, 'a segment is not sealed', segment);
  for (const step of plan.steps) {
    if ((step.op !== 'cut-file' && step.op !== 'rewrite-keys') || step.segment !== segment.index) continue;
    const file = [segment.keys, ...segment.values].find(
      (f) => f.root === step.file.root && f.rel === step.file.path,
    );
    if (file?.size !== step.to)
      throw resultWrongError(
        plan.table,
        `${step.file.path} has ${file?.size} bytes, not ${step.to}`,
        segment,
      );
  }
  if (survey.records !== metadata.keyCount) {
    throw resultWrongError(
      plan.table,
      `${survey.records} records, but the metadata says ${metadata.keyCount}`,
      segment,
    );
  }
  if (survey.firstFault !== null && !plan.acceptedDamage)
    throw resultWrongError(plan.table, survey.firstFault.problem, segment);
}

const WHY = 'Something else has written to it, or the disk has lost a change';
const NEXT = 'The database is shut. Check the disk, then `litt-rollback undo` reverts the rollback';

/** Rewords a refusal to read: at this point every step is done, and the transaction is open. */
function unreadable(error: unknown): unknown {
  if (!(error instanceof RollbackError) || KEPT_CODES.includes(error.code)) return error;
  const what = `After the rollback the database cannot be read: ${error.what}`;
  return new RollbackError('ERR_RESULT_WRONG', { what, why: WHY, next: NEXT }, error.place, error);
}

function resultWrongError(table: string, problem: string, segment?: Segment): RollbackError {
  return new RollbackError(
    'ERR_RESULT_WRONG',
    {
      what: `After the rollback the database is not what the plan says: ${problem}`,
      why: WHY,
      next: NEXT,
    },
    { table, segment: segment?.index, path: segment?.keys.path },
  );
}
