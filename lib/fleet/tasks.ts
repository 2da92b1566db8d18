/** What the parent of a batch and its workers say to each other. Everything survives JSON. */
import type { Progress } from '../types.ts';
import type { NodeEnded, NodePlanned } from './verdicts.ts';

/** What is done with a whole batch, and with each node of it. */
export const BATCH_COMMANDS = ['plan', 'apply', 'resume', 'undo', 'purge', 'status', 'verify'] as const;

/** One of these. */
export type BatchCommand = (typeof BATCH_COMMANDS)[number];

/** One node, as a worker needs it. */
export interface TaskNode {
  readonly name: string;
  readonly home: string | null;
  readonly src: readonly string[];
  /** The snapshot directory, where the fleet file names one. */
  readonly snapshotDir: string | null;
  /** The log-index, likewise. */
  readonly logIndex: string | null;
  /** Options and target of `plan`, as on the command line. */
  readonly words: readonly string[];
}

/** What to do with one node. */
export interface NodeTask {
  readonly command: BatchCommand;
  /** `look` changes nothing; `change` does what was found to be done. */
  readonly phase: 'look' | 'change';
  readonly node: TaskNode;
  /** Where the node's plan is, or is to be; null in a batch that saves none. */
  readonly planFile: string | null;
  /** Whether a plan that was not begun is made again, or, without one, made at all. */
  readonly replan: boolean;
  /** Whether the run has passed its gate before: then a node without anything to do is left alone. */
  readonly settled: boolean;
  /** Whether planning takes the locks. */
  readonly lock: boolean;
  /** Whether the parent wants to know how far the work is. */
  readonly progress: boolean;
}

/** From the parent to a worker. */
export type ToWorker = { readonly do: NodeTask } | { readonly stop: true };

/** From a worker to the parent. */
export type FromWorker =
  | { readonly ready: true }
  /** From now on files of the node may change. */
  | { readonly changing: true }
  | { readonly progress: Progress }
  | { readonly planned: NodePlanned; readonly spent: boolean }
  /** `spent`: the worker has loaded a user's module, which may remember this node. */
  | { readonly ended: NodeEnded; readonly spent: boolean };
