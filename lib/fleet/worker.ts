/**
 * A worker of a batch: a process that does one node at a time for its parent. File calls are synchronous, so nodes side by
 * side in one process gain nothing, and a process dies alone.
 */
import { ioError, RollbackError } from '../errors.ts';
import type { PlanOptions } from '../planner/options.ts';
import type { Progress } from '../types.ts';
import { changeNode } from './change-node.ts';
import { lookAtNode } from './look-at-node.ts';
import { ended, type NodeTools, plannedFailure } from './node-tools.ts';
import type { FromWorker, NodeTask, ToWorker } from './tasks.ts';
import { nodeErrorOf, verdictOf } from './verdicts.ts';

/** Progress is told this often at most (milliseconds). */
const PROGRESS_INTERVAL_MS = 200;

/** What the command gives to a worker. */
export interface WorkerSetup {
  readonly planningOf: (words: readonly string[]) => Promise<PlanOptions>;
  /** Whether a module of a user was loaded: it may remember the node. */
  readonly hasLoadedModule: () => boolean;
  /** Aborted by a signal to this very process. */
  readonly signal: AbortSignal;
  /** From now on signals only cause a message. */
  readonly changesBegin: () => void;
  /** Signals count again: the node is finished. */
  readonly changesEnd: () => void;
}

/** Serves a parent until it goes or says that there is nothing left; resolves then. */
export function serve(setup: WorkerSetup): Promise<void> {
  const parent = new Parent();
  return new Promise((resolve) => {
    let working = false;
    const end = (): void => {
      if (process.connected) process.disconnect();
      resolve();
    };
    parent.onGone = () => {
      // Inside a change the node is finished first.
      if (!working) resolve();
    };
    process.on('message', (message: ToWorker) => {
      if ('stop' in message) {
        if (working) parent.abort();
        else end();
        return;
      }
      working = true;
      void serveTask(message.do, parent, setup).then(() => {
        working = false;
        setup.changesEnd();
        if (parent.isGone || setup.hasLoadedModule()) end();
      });
    });
    parent.say({ ready: true });
  });
}

/** The other end of the channel. */
class Parent {
  onGone: () => void = () => {};
  readonly #stop = new AbortController();
  #gone = false;

  constructor() {
    process.on('disconnect', () => {
      this.#gone = true;
      this.abort();
      this.onGone();
    });
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Aborted when nothing new is to begin. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  abort(): void {
    const what = 'The batch was stopped before this node was changed';
    this.#stop.abort(new RollbackError('ERR_INTERRUPTED', { what, why: 'Nothing was changed' }));
  }

  say(message: FromWorker): void {
    if (this.#gone || process.send === undefined) return;
    // The parent may go at any moment: then its place is noticed by `disconnect`, not by an error.
    process.send(message, undefined, undefined, () => {});
  }
}

async function serveTask(task: NodeTask, parent: Parent, setup: WorkerSetup): Promise<void> {
  let began = false;
  const signal = AbortSignal.any([parent.signal, setup.signal]);
  const tools: NodeTools = {
    planningOf: setup.planningOf,
    signal,
    onProgress: task.progress ? throttled((progress) => parent.say({ progress })) : () => {},
    onStart: async () => {
      // What the parent has said, and that it has gone, is delivered in two turns.
      for (let turn = 0; turn < 2; turn++) await new Promise((next) => setImmediate(next));
      signal.throwIfAborted();
      began = true;
      setup.changesBegin();
      parent.say({ changing: true });
    },
  };
  if (task.phase === 'look') {
    const planned = await lookAtNode(task, tools).catch((error) =>
      plannedFailure(task, knownError(error, task)),
    );
    parent.say({ planned, spent: setup.hasLoadedModule() });
    return;
  }
  const result = await changeNode(task, tools).catch((thrown) => {
    const error = knownError(thrown, task);
    // What is refused after the beginning has been taken back; what is interrupted may be half-way.
    const changed =
      began && (error.kind === 'unfinished' || error.kind === 'system' || error.kind === 'defect');
    return ended(task, verdictOf(error), null, { error: nodeErrorOf(error), changed });
  });
  parent.say({ ended: result, spent: setup.hasLoadedModule() });
}

function knownError(error: unknown, { node }: NodeTask): RollbackError {
  return ioError(error, node.home ?? node.src[0] ?? '', 'work on this node');
}

function throttled(say: (progress: Progress) => void): (progress: Progress) => void {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL_MS) return;
    last = now;
    say(progress);
  };
}
