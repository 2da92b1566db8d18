/** One call over many nodes, from its options to its summary. */
import { RollbackError } from '../errors.ts';
import type { EventQueue } from './batch-events.ts';
import { type ApplyBatchOptions, DEFAULT_JOBS, type PlanBatchOptions } from './batch-options.ts';
import { BatchRun, type BatchWork } from './batch-run.ts';
import {
  type BatchSummary,
  countsOf,
  earlierNodes,
  exitCodeOfBatch,
  type SummaryNode,
} from './batch-summary.ts';
import { refuseDoubles } from './fleet-doubles.ts';
import { selectNodes } from './fleet-selection.ts';
import type { Fleet, FleetNode, FleetTarget } from './fleet-types.ts';
import type { RunDirectory } from './run-directory.ts';
import { targetWords } from './run-document.ts';
import type { BatchCommand } from './tasks.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The options of any batch. */
export type AnyBatchOptions = PlanBatchOptions & ApplyBatchOptions;

/** What a call works with besides its options. */
export interface Opened {
  readonly target: FleetTarget | null;
  readonly run: RunDirectory | null;
}

/** @throws RollbackError ERR_USAGE for a canary that is not among them; what selectNodes and refuseDoubles throw */
export function selectedNodes(
  fleet: Fleet,
  { only = [], except = [], canary }: AnyBatchOptions,
): readonly FleetNode[] {
  refuseDoubles(fleet.nodes);
  const nodes = selectNodes(fleet, only, except);
  if (canary === undefined || nodes.some((n) => n.name === canary)) return nodes;
  throw new RollbackError('ERR_USAGE', {
    what: `The canary ${canary} is not among the chosen nodes`,
    next: `There are: ${nodes
      .slice(0, 10)
      .map((n) => n.name)
      .join(', ')}`,
  });
}

/** What the call is to do. */
export function workOf(
  command: BatchCommand,
  nodes: readonly FleetNode[],
  options: AnyBatchOptions,
  { target, run }: Opened,
): BatchWork {
  return {
    command,
    nodes,
    target,
    run,
    jobs: options.jobs ?? DEFAULT_JOBS,
    skipRefused: options.skipRefused ?? false,
    canary: options.canary ?? null,
    maxFailures: options.maxFailures ?? 1,
    lock: options.lock ?? true,
    progress: options.progress ?? true,
    confirm: options.confirm ?? (() => {}),
  };
}

/**
 * Carries the call out; its summary is told and saved.
 * @throws RollbackError what `confirm` throws; ERR_IO where what was done could not be written down
 */
export async function carryOut(
  work: BatchWork,
  pool: WorkerPool,
  events: EventQueue,
  { fleet, options }: { readonly fleet: Fleet; readonly options: AnyBatchOptions },
): Promise<BatchSummary> {
  const { command, run, nodes, jobs } = work;
  const batch = new BatchRun(work, pool, events);
  const about = { command, run: run?.document.id ?? null, target: wordsOf(work) };
  batch.tell({
    message_type: 'batch',
    event: 'begin',
    ...about,
    nodes: nodes.length,
    jobs,
    notices: fleet.notices,
  });
  const stop = (): void => batch.stop();
  const kill = (): void => pool.kill();
  options.signal?.addEventListener('abort', stop);
  options.kill?.addEventListener('abort', kill);
  if (options.signal?.aborted) stop();
  let refusal: RollbackError | null = null;
  try {
    await batch.run();
  } catch (error) {
    if (!(error instanceof RollbackError) || error.code !== 'ERR_NOT_CONFIRMED') throw error;
    refusal = error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
    options.kill?.removeEventListener('abort', kill);
    await pool.end();
  }
  const results = batch.results();
  const stopped = refusal?.what ?? batch.stopped;
  const summary: BatchSummary = {
    ...about,
    exit_code: exitCodeOfBatch({
      nodes: results,
      stoppedAtGate: stopped !== null,
      isInterrupted: options.signal?.aborted === true,
    }),
    counts: countsOf(results),
    changed: results.filter((n) => n.changed).length,
    stopped,
    nodes: merged(work, results, fleet),
  };
  batch.tell({ message_type: 'summary', ...summary });
  batch.save((to) =>
    to.writeSummary({ message_type: 'summary', version: 1, at: new Date().toISOString(), ...summary }),
  );
  if (refusal !== null) throw refusal;
  if (batch.unsaved !== null && summary.exit_code === 0) throw unsavedError(batch.unsaved);
  return summary;
}

function wordsOf({ target, run }: BatchWork): string | null {
  const given = target ?? run?.document.target ?? null;
  return given === null ? null : targetWords(given);
}

/** Nodes that this call has not chosen keep what an earlier one has said of them. */
function merged({ run }: BatchWork, results: readonly SummaryNode[], fleet: Fleet): SummaryNode[] {
  const earlier = earlierNodes(run?.readSummary() ?? null);
  const now = new Map(results.map((r) => [r.node, r]));
  return fleet.nodes.flatMap(({ name }) => {
    const [result, old] = [now.get(name), earlier.get(name)];
    if (result === undefined) return old === undefined ? [] : [old];
    return [{ ...result, attempts: result.attempts + (old?.attempts ?? 0) }];
  });
}

function unsavedError(error: RollbackError): RollbackError {
  return error.saying({ why: 'Every node is as it should be; only what was done could not be written down' });
}
