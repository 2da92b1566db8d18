/**
 * Checks a plan, which may come from an edited file, against the database before the intent. The target is the
 * user's choice; everything derived from it must match the database, with nothing added. What only the records
 * could prove is left to the verification after the last step.
 */
import { basename } from 'node:path';
import { RollbackError } from '../errors.ts';
import { segmentIndexOf } from '../format/file-names.ts';
import type { Participants } from '../journal/participants.ts';
import { stateOfLog } from '../journal/rewind-log.ts';
import {
  type Removal,
  refuseUnlessRemovable,
  replacedContent,
  staleFileError,
} from '../journal/step-states.ts';
import { problemOfSummary, segmentsLeft } from '../plan/consistency.ts';
import { takesRecords } from '../plan/step-effects.ts';
import { fileKey, isPlausibleStep, problemOfSteps } from '../plan/step-paths.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { FileInfo, Table } from '../store/types.ts';
import type { AnyStep, FingerprintEntry, RollbackPlan, Step, TablePlan } from '../types.ts';

/**
 * Refuses a plan whose steps contradict each other, or name files that reading the database did not find.
 * @throws RollbackError ERR_PLAN_INVALID
 */
export function refuseImplausiblePlan(
  plan: RollbackPlan,
  tables: readonly Table[],
  present: readonly FingerprintEntry[],
): void {
  const sizes = new Map(present.map(([root, path, size]) => [fileKey({ root, path }), size]));
  for (const tablePlan of plan.tables) {
    const table = tables.find((t) => t.name === tablePlan.table);
    const problem =
      problemOfSteps(tablePlan.table, tablePlan.steps) ??
      problemOfFiles(tablePlan.steps, sizes) ??
      (table === undefined ? 'the table is not there' : problemOfTable(tablePlan, table));
    if (problem === null) continue;
    throw new RollbackError(
      'ERR_PLAN_INVALID',
      {
        what: `The plan is not one that this program made: ${problem}`,
        why: 'Carrying it out could destroy the database',
        next: 'Make a new plan, read it, and apply that one',
      },
      { table: tablePlan.table },
    );
  }
}

/** Finds steps for missing files, or for files of another size. */
function problemOfFiles(steps: readonly Step[], sizes: ReadonlyMap<string, number>): string | null {
  for (const step of steps) {
    const { path } = step.file;
    if (!isPlausibleStep(step)) return `it has a step for ${path}`;
    if (step.op === 'remove-link') continue;
    const size = sizes.get(fileKey(step.file));
    const expected = sizeBefore(step);
    if (size === undefined && step.op === 'remove-directory' && step.reason === 'snapshot') continue;
    if (size === undefined) return `it has a step for ${path}, which is not a file of the table`;
    if (expected !== null && expected !== size) return `it gives ${path} another size`;
  }
  return null;
}

function sizeBefore(step: Step): number | null {
  if (step.op === 'remove-file') return step.size;
  if (step.op === 'cut-file' || step.op === 'rewrite-keys') return step.from;
  return step.op === 'replace-file' ? step.before.length / 2 : null;
}

/**
 * Whole segments go or stay, keymap and snapshot links go with records, the watermark goes with the last
 * segment.
 */
function problemOfTable(plan: TablePlan, table: Table): string | null {
  const gone = new Set(plan.steps.filter(isRemoval).map((s) => fileKey(s.file)));
  const isGone = (file: Pick<FileInfo, 'root' | 'rel'>): boolean => gone.has(fileKey(file));
  const stays: number[] = [];
  for (const { index, metadataFile, keys, values } of table.segments) {
    const files = [metadataFile, keys, ...values];
    const count = files.filter(isGone).length;
    if (count === 0) stays.push(index);
    else if (count < files.length) return `it removes only a part of segment ${index}`;
  }
  if (stays.join() !== segmentsLeft(plan).join())
    return 'its steps and its summary disagree about the segments that stay';
  if (plan.steps.some(takesRecords) && !table.keymaps.every(isGone)) {
    return 'it removes records and leaves the keymap that points at them';
  }
  if (stays.length > 0 && table.watermarkFiles.some(isGone)) {
    return 'it removes the gc-watermark while segments stay';
  }
  return problemOfSummary(plan, table) ?? problemOfLinks(plan, table, isGone);
}

/** The engine would publish an old link as the new segment; and undo would take the link for a later one. */
function problemOfLinks(
  { snapshotCopies }: TablePlan,
  { snapshots }: Table,
  isGone: (file: Pick<FileInfo, 'root' | 'rel'>) => boolean,
): string | null {
  if (snapshotCopies === null) return null;
  const files = snapshots.filter((dir) => !isGone(dir)).flatMap((dir) => dir.files);
  const left = files.find(
    (f) => (segmentIndexOf(basename(f.rel)) ?? -1) >= snapshotCopies.from && !isGone(f),
  );
  return left === undefined ? null : `it leaves ${left.rel}, a link to what goes`;
}

/**
 * Refuses when a file is not in the state that its step expects, before the first step is carried out.
 * @throws RollbackError ERR_PLAN_STALE, ERR_IO
 */
export function refuseChangedFiles(
  fs: DurableFs,
  participants: Participants,
  steps: readonly AnyStep[],
): void {
  for (const step of steps) {
    const path = participants.pathOf(step);
    if (step.op === 'rewind-log') {
      if (stateOfLog(fs, step, path) !== 'before') throw staleFileError(step, path, 'was written since');
      continue;
    }
    const stat = lstatOrNull(fs, path);
    if (stat === null) throw staleFileError(step, path, 'is gone');
    if (isRemoval(step)) refuseUnlessRemovable(fs, step, path, stat);
    else if (stat.kind !== 'file') throw staleFileError(step, path, `is a ${stat.kind}, not a file`);
    else if (step.op === 'replace-file' && replacedContent(fs, path) !== step.before) {
      throw staleFileError(step, path, 'was written since');
    }
  }
}

const isRemoval = (step: AnyStep): step is Removal => step.op.startsWith('remove-');
