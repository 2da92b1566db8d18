/** The log-index before and after an apply: held against the plan, and read back. */
import { RollbackError } from '../errors.ts';
import { problemOfLogIndex } from '../journal/log-index-place.ts';
import { readLogIndex } from '../logindex/read.ts';
import { PebbleRefusal } from '../pebble/refusal.ts';
import { planRewind } from '../planner/plan-log-index.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { RollbackPlan } from '../types.ts';

/**
 * Refuses a plan that says of its log-index what planning would not say now: it is read once more.
 * @throws RollbackError ERR_PLAN_INVALID; what planning a log-index throws
 */
export async function refuseOtherRewind(
  fs: DurableFs,
  { logIndex, tables }: RollbackPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (logIndex === undefined || logIndex.verdict === 'keep') {
    if (logIndex?.step == null) return;
    throw invalidError('it takes back a log-index that it says it keeps', logIndex.dir);
  }
  const { newest, step } = logIndex;
  // What is planned is that the newest height becomes this one. It is the target of every table with heights.
  const height = BigInt(newest?.after ?? 0);
  const again = await planRewind(fs, logIndex, step?.table ?? '', height, signal);
  if (JSON.stringify(again.plan) !== JSON.stringify(inOrder(logIndex)))
    throw invalidError('it says something else of the log-index than what lies there', logIndex.dir);
  const target = tables.find((t) => t.table === step?.table)?.heights?.target;
  if (step !== null && target !== newest?.after)
    throw invalidError('its log-index goes back to another height than its receipts', logIndex.dir);
}

/** The fields in the order in which planning writes them: a plan file may have another. */
function inOrder({
  dir,
  root,
  beside,
  verdict,
  reason,
  newest,
  oldest,
  step,
}: NonNullable<RollbackPlan['logIndex']>) {
  const change = (c: typeof newest) => c && { before: c.before, after: c.after };
  const ordered = step && {
    op: step.op,
    table: step.table,
    file: { root: step.file.root, path: step.file.path },
    from: step.from,
    keep: step.keep,
    append: step.append,
  };
  return {
    dir,
    root,
    beside,
    verdict,
    reason,
    newest: change(newest),
    oldest: change(oldest),
    step: ordered,
  };
}

function invalidError(problem: string, path: string): RollbackError {
  return new RollbackError(
    'ERR_PLAN_INVALID',
    {
      what: `The plan is not one that this program made: ${problem}`,
      why: 'Carrying it out could destroy the log-index',
      next: 'Make a new plan, read it, and apply that one',
    },
    { path },
  );
}

/**
 * Reads the log-index back after the last step: the planned files, and the planned heights.
 * @param dir where it lies now
 * @throws RollbackError ERR_RESULT_WRONG: the transaction stays open
 */
export async function verifyLogIndex(fs: DurableFs, plan: RollbackPlan, dir: string): Promise<void> {
  const { logIndex } = plan;
  if (logIndex?.step == null) return;
  const wrong = problemOfLogIndex(fs, plan, dir, 'after');
  if (wrong !== null) throw resultWrongError(`a file ${wrong.problem}`, wrong.path);
  try {
    const { newest, oldest } = await readLogIndex(fs, dir);
    if (`${newest}` !== logIndex.newest?.after || `${oldest}` !== logIndex.oldest?.after)
      throw resultWrongError(`its newest height is ${newest}, its oldest ${oldest}`, dir);
  } catch (error) {
    if (!(error instanceof PebbleRefusal)) throw error;
    throw resultWrongError(`it cannot be read: ${error.message}`, dir, error);
  }
}

function resultWrongError(problem: string, path: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_RESULT_WRONG',
    {
      what: `After the rollback the log-index is not what the plan says: ${problem}`,
      why: 'Something else has written to it, or the disk has lost a change',
      next: 'The database is shut. Check the disk, then `litt-rollback undo` reverts the rollback',
    },
    { path },
    cause,
  );
}
