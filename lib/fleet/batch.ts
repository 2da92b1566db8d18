/** Rollbacks of many nodes: plan all, change all or none, and go on where an earlier call stopped. */
import { RollbackError } from '../errors.ts';
import { type OptionChecks, refuseBadOptions } from '../input/options.ts';
import { asCall, type Call } from '../journal/claim.ts';
import { realFs } from '../store/durable-fs.ts';
import { carryOut, type Opened, selectedNodes, workOf } from './batch-call.ts';
import { type BatchEvent, EventQueue } from './batch-events.ts';
import {
  type ApplyBatchOptions,
  type BatchOptions,
  CHECKS,
  commandOf,
  type PlanBatchOptions,
  targetOf,
} from './batch-options.ts';
import type { BatchSummary } from './batch-summary.ts';
import type { Fleet } from './fleet-types.ts';
import { defaultRunDir, noRunError, RunDirectory } from './run-directory.ts';
import type { BatchCommand } from './tasks.ts';
import { WorkerPool } from './worker-pool.ts';

/** A batch under way: its events one by one, or its summary at the end. */
export interface Batch extends AsyncIterable<BatchEvent> {
  /** Rejected with what the call throws. */
  readonly summary: Promise<BatchSummary>;
}

/**
 * Plans every node of a fleet; with `run` the plans are saved there. Changes no node.
 * @throws RollbackError (from the batch) ERR_USAGE, ERR_FLEET, ERR_RUN, ERR_LOCKED while another process works with the run, ERR_IO
 */
export function planBatch(fleet: Fleet, options: PlanBatchOptions = {}): Batch {
  return begin('plan', fleet, options, CHECKS.plan, (call) => {
    const target = targetOf(fleet, options.target);
    if (target === null) throw noTargetError();
    const { run } = options;
    return {
      target,
      run: run === undefined ? null : RunDirectory.openOrMake(realFs, run, call, fleet, target),
    };
  });
}

/**
 * Plans every node that no plan of the run has begun to change, or takes the saved plans where there is no target, and
 * applies them if every node can be changed. What an earlier call has done stays done; what it left unfinished is finished.
 * @throws RollbackError (from the batch) as planBatch; what `confirm` throws
 */
export function applyBatch(fleet: Fleet, options: ApplyBatchOptions = {}): Batch {
  return begin('apply', fleet, options, CHECKS.apply, (call) => {
    const target = targetOf(fleet, options.target);
    const dir = options.run ?? defaultRunDir(fleet.path);
    const run =
      target === null
        ? RunDirectory.open(realFs, dir, call, fleet, null)
        : RunDirectory.openOrMake(realFs, dir, call, fleet, target);
    if (run.document.over) throw overError(run.path);
    return { target, run };
  });
}

/** Finishes what a call of the run left unfinished, and nothing else. @throws RollbackError (from the batch) as planBatch */
export function resumeBatch(fleet: Fleet, options: BatchOptions = {}): Batch {
  return begin('resume', fleet, options, CHECKS.common, openingRun(fleet, options));
}

/** Takes back what the run did, and nothing else; the run is then over. @throws RollbackError (from the batch) as applyBatch */
export function undoBatch(fleet: Fleet, options: BatchOptions = {}): Batch {
  return begin('undo', fleet, options, CHECKS.common, openingRun(fleet, options));
}

/** Frees what the run keeps for undo, and with it what older rollbacks keep. @throws RollbackError (from the batch) as applyBatch */
export function purgeBatch(fleet: Fleet, options: BatchOptions = {}): Batch {
  return begin('purge', fleet, options, CHECKS.common, openingRun(fleet, options));
}

/** Tells where the run stands on each node, and which nodes are unfinished. @throws RollbackError (from the batch) as planBatch */
export function batchStatus(fleet: Fleet, options: BatchOptions = {}): Batch {
  return begin('status', fleet, options, CHECKS.common, () => lookingAtRun(fleet, options));
}

/** Verifies the databases of each node. @throws RollbackError (from the batch) as planBatch */
export function verifyBatch(fleet: Fleet, options: BatchOptions = {}): Batch {
  return begin('verify', fleet, options, CHECKS.common, () => lookingAtRun(fleet, options));
}

function openingRun(fleet: Fleet, { run }: BatchOptions): (call: Call) => Opened {
  return (call) => ({
    target: null,
    run: RunDirectory.open(realFs, run ?? defaultRunDir(fleet.path), call, fleet, null),
  });
}

/** Looking needs no run, and disturbs none. */
function lookingAtRun(fleet: Fleet, { run }: BatchOptions): Opened {
  const found = RunDirectory.look(realFs, run ?? defaultRunDir(fleet.path), fleet);
  if (found === null && run !== undefined) throw noRunError(run);
  return { target: null, run: found };
}

function begin<O extends BatchOptions>(
  command: BatchCommand,
  fleet: Fleet,
  options: O,
  checks: OptionChecks<O>,
  open: (call: Call) => Opened,
): Batch {
  refuseBadOptions(command === 'status' ? 'batchStatus' : `${command}Batch`, options, checks);
  const events = new EventQueue();
  const summary = asCall(async (call) => {
    const nodes = selectedNodes(fleet, options);
    const pool = new WorkerPool(commandOf(options.command));
    return carryOut(workOf(command, nodes, options, open(call)), pool, events, { fleet, options });
  }).finally(() => events.end());
  // Who takes the events is told of a failure there.
  summary.catch(() => {});
  return {
    summary,
    async *[Symbol.asyncIterator]() {
      yield* events;
      await summary;
    },
  };
}

function noTargetError(): RollbackError {
  return new RollbackError('ERR_USAGE', {
    what: 'No target was given',
    why: 'A rollback needs exactly one place to stop at, the same for all nodes',
    next: 'Give one of --height, --key, --keys-file, --before, --filter, or `target` in the fleet file',
  });
}

function overError(path: string): RollbackError {
  return new RollbackError(
    'ERR_RUN',
    {
      what: 'The run was taken back with `batch undo`',
      why: 'A run that was taken back is over, so that it rolls no node back twice',
      next: 'Begin another run with --run DIR',
    },
    { path },
  );
}
