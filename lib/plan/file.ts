/** Saves plans as JSON and reads them back. */
import { ioError, RollbackError } from '../errors.ts';
import { is, refuseUnless } from '../input/checks.ts';
import { type OptionChecks, refuseBadOptions, refuseSurplus } from '../input/options.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import { type DurableFs, realFs } from '../store/durable-fs.ts';
import { refuseReplacedPath } from '../store/foreign-path.ts';
import { type OutputRule, refuseOutput, writeOutput } from '../store/output-file.ts';
import type { RollbackPlan } from '../types.ts';
import { digestOf, noteReadBack } from './digest.ts';

/** A plan names each file of the planned tables: some hundreds of thousands of names fit in (bytes). */
const MAX_PLAN_BYTES = 256 * 1024 * 1024;

/** How to write a plan. */
export interface WritePlanOptions {
  /** Replace a file that is not a plan; a path inside a database stays refused. */
  readonly force?: boolean | undefined;
  /** Checked while the plan waits for a pipe to be read. */
  readonly signal?: AbortSignal | undefined;
}

const CHECKS: OptionChecks<WritePlanOptions> = { force: is.boolean, signal: is.signal };

/**
 * Writes a plan durably, replacing an older plan of that name. `-` is standard output, pipes and devices are
 * written to, a link is followed.
 * @throws RollbackError ERR_USAGE for a place in a database, and for a file that is not a plan;
 * ERR_PLAN_INVALID when it is too long to be read back; ERR_IO, ERR_INTERRUPTED
 */
export async function writePlanFile(
  path: string,
  plan: RollbackPlan,
  options: WritePlanOptions = {},
): Promise<void> {
  refuseUnless(is.text, 'path', path);
  refuseUnless(is.plan, 'plan', plan);
  refuseBadOptions('writePlanFile', options, CHECKS);
  const { roots, snapshotDir } = plan;
  const rule = planRule(snapshotDir === null ? roots : [...roots, snapshotDir], options);
  try {
    await writeOutput(realFs, path, bytesOf(plan), rule);
  } catch (error) {
    refuseReplacedPath(realFs, path);
    throw error;
  }
}

/**
 * Writes a plan durably into a directory of this program, which the caller has checked: a run has a plan for each of a
 * thousand nodes, and to look around each of them would cost more than to plan it.
 * @throws RollbackError ERR_PLAN_INVALID when it is too long to be read back; ERR_IO
 */
export function savePlan(fs: DurableFs, path: string, plan: RollbackPlan): void {
  const bytes = bytesOf(plan);
  try {
    writeFileDurably(fs, path, bytes, { mode: 0o644 });
  } catch (error) {
    throw ioError(error, path, 'save the plan of a node');
  }
}

/**
 * Refuses what writePlanFile() would refuse, before there is a plan.
 * @param dirs real paths of the roots, and of the snapshot directory
 * @throws RollbackError ERR_USAGE, ERR_IO
 */
export function refusePlanOutput(
  path: string,
  dirs: readonly string[],
  options: WritePlanOptions = {},
): void {
  refuseOutput(realFs, path, planRule(dirs, options));
}

function planRule(databaseDirs: readonly string[], options: WritePlanOptions): OutputRule {
  return { ...options, what: 'plan', databaseDirs, isEarlier };
}

/** A plan that this program wrote, or the output of `plan --json`. */
function isEarlier(head: Buffer): boolean {
  return /^\s*\{.*"format"\s*:\s*"litt-rollback\/plan"/s.test(head.toString('latin1'));
}

/** The text of a plan in its file. */
export function planText(plan: RollbackPlan): string {
  return bytesOf(plan).toString('utf8');
}

function bytesOf(plan: RollbackPlan): Buffer {
  let text: string | null = null;
  try {
    text = `${JSON.stringify(plan, null, 1)}\n`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // longer than the longest possible string
  }
  const bytes = text === null ? null : Buffer.from(text);
  if (bytes !== null && bytes.length <= MAX_PLAN_BYTES) return bytes;
  throw new RollbackError('ERR_PLAN_INVALID', {
    what: `The plan is longer than the ${MAX_PLAN_BYTES} bytes that can be read back`,
    next: 'Apply without saving the plan: `litt-rollback apply` plans again itself',
  });
}

/**
 * Reads a plan and checks every field: a plan that was edited since it was made is refused. The plan is frozen.
 * @throws RollbackError ERR_PLAN_INVALID, ERR_IO
 */
export async function readPlanFile(path: string, ...surplus: []): Promise<RollbackPlan> {
  refuseUnless(is.text, 'path', path);
  refuseSurplus('readPlanFile', surplus);
  const { firstProblem, parsePlan } = await import('./schema.ts');
  let text: string;
  try {
    text = readSmallFile(realFs, path, MAX_PLAN_BYTES, 'ERR_PLAN_INVALID').toString('utf8');
  } catch (error) {
    refuseReplacedPath(realFs, path);
    throw ioError(error, path, 'read a plan');
  }
  try {
    const parsed: unknown = JSON.parse(text);
    // `plan --json` wraps the plan in a document: both forms are accepted.
    const isDocument =
      typeof parsed === 'object' && parsed !== null && 'message_type' in parsed && 'plan' in parsed;
    const plan = parsePlan(isDocument ? parsed.plan : parsed);
    if (digestOf(plan) !== plan.digest)
      throw new Error('its contents were changed after it was saved (digest mismatch)');
    return noteReadBack(plan);
  } catch (error) {
    throw new RollbackError(
      'ERR_PLAN_INVALID',
      {
        what: `Not a valid plan file: ${firstProblem(error)}`,
        why: 'Applying something else could destroy the database',
        next: 'Make a new plan with `litt-rollback plan … --out FILE`',
      },
      { path },
      error,
    );
  }
}
