/** Saves plans as JSON and reads them back. */
import { dirname } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import { realFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import { digestOf, noteReadBack } from './digest.ts';

/** A plan names each file of the tables in question: some hundreds of thousands fit in here (bytes). */
const MAX_PLAN_BYTES = 256 * 1024 * 1024;

/**
 * Writes a plan durably, replacing an older file of that name.
 * @throws RollbackError ERR_PLAN_INVALID when it is too long to be read back, ERR_IO
 */
export async function writePlanFile(path: string, plan: RollbackPlan): Promise<void> {
  const fs = realFs;
  try {
    const old = lstatOrNull(fs, path);
    const { uid, gid } = old ?? fs.lstat(fs.realpath(dirname(path)));
    writeFileDurably(fs, path, bytesOf(plan), { mode: 0o644, uid, gid });
  } catch (error) {
    throw ioError(error, path, 'write a plan');
  }
}

function bytesOf(plan: RollbackPlan): Buffer {
  let text: string | null = null;
  try {
    text = `${JSON.stringify(plan, null, 1)}\n`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // longer than a string can be
  }
  const bytes = text === null ? null : Buffer.from(text);
  if (bytes !== null && bytes.length <= MAX_PLAN_BYTES) return bytes;
  throw new RollbackError('ERR_PLAN_INVALID', {
    what: `The plan is longer than the ${MAX_PLAN_BYTES} bytes that can be read back`,
    next: 'Apply without saving the plan: `litt-rollback apply` plans again itself',
  });
}

/**
 * Reads a plan and checks every field of it: one that was edited since it was made is refused. It is frozen.
 * @throws RollbackError ERR_PLAN_INVALID, ERR_IO
 */
export async function readPlanFile(path: string): Promise<RollbackPlan> {
  const { firstProblem, parsePlan } = await import('./schema.ts');
  let text: string;
  try {
    text = readSmallFile(realFs, path, MAX_PLAN_BYTES, 'ERR_PLAN_INVALID').toString('utf8');
  } catch (error) {
    throw ioError(error, path, 'read a plan');
  }
  try {
    const parsed: unknown = JSON.parse(text);
    // `plan --json` wraps the plan in a document: both forms are accepted.
    const isDocument =
      typeof parsed === 'object' && parsed !== null && 'message_type' in parsed && 'plan' in parsed;
    const plan = parsePlan(isDocument ? parsed.plan : parsed);
    if (digestOf(plan) !== plan.digest) throw new Error('it is not as it was saved: its digest is another');
    return noteReadBack(plan);
  } catch (error) {
    throw new RollbackError(
      'ERR_PLAN_INVALID',
      {
        what: `This is no plan of this program: ${firstProblem(error)}`,
        why: 'Applying something else could destroy the database',
        next: 'Make a new plan with `litt-rollback plan … --out FILE`',
      },
      { path },
      error,
    );
  }
}
