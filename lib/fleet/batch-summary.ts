/** The summary of a batch: every node of the fleet, always, and the exit code of the command. */
import * as z from 'zod/mini';
import { EXIT_OF_KIND } from '../error-codes.ts';
import type { BatchCommand } from './tasks.ts';
import { isFailed, type NodeEnded, type PlannedVerdict } from './verdicts.ts';

/** One node in the summary. */
export interface SummaryNode extends Omit<NodeEnded, 'verdict'> {
  readonly verdict: PlannedVerdict;
  /** How often a call of this run has begun to change it. */
  readonly attempts: number;
}

/** The summary of one call, with what earlier calls of the run have said of other nodes. */
export interface BatchSummary {
  readonly command: BatchCommand;
  /** Id of the run; null where none is saved. */
  readonly run: string | null;
  readonly target: string | null;
  readonly exit_code: number;
  /** Nodes of this call by verdict. */
  readonly counts: Readonly<Partial<Record<PlannedVerdict, number>>>;
  /** Nodes that this call has changed. */
  readonly changed: number;
  /** Why no node was changed, where the batch stopped at its gate; null otherwise. */
  readonly stopped: string | null;
  readonly nodes: readonly SummaryNode[];
}

/** How a call ended, for its exit code. */
export interface Ending {
  /** The nodes of this call. */
  readonly nodes: readonly SummaryNode[];
  /** The batch stopped at its gate, or was not confirmed. */
  readonly stoppedAtGate: boolean;
  /** It was told to begin nothing new. */
  readonly isInterrupted: boolean;
}

const EXIT_STOPPED = 3;
const EXIT_FAILED_NODES = 8;

/** The first that holds: stopped before any change, stopped at the gate, a node that failed, all well. */
export function exitCodeOfBatch({ nodes, stoppedAtGate, isInterrupted }: Ending): number {
  if (isInterrupted && !nodes.some((n) => n.changed)) return EXIT_OF_KIND.interrupted;
  if (stoppedAtGate) return EXIT_STOPPED;
  return nodes.some((n) => isFailed(n.verdict)) ? EXIT_FAILED_NODES : 0;
}

/** Nodes by verdict. */
export function countsOf(nodes: readonly SummaryNode[]): BatchSummary['counts'] {
  const counts: Partial<Record<PlannedVerdict, number>> = {};
  for (const { verdict } of nodes) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

const earlierSchema = z.object({
  nodes: z.array(z.looseObject({ node: z.string(), verdict: z.string(), attempts: z.number() })),
});

/** Earlier results of a run by node, as its directory has them; what cannot be understood is left out. */
export function earlierNodes(summary: unknown): ReadonlyMap<string, SummaryNode> {
  const { data } = earlierSchema.safeParse(summary);
  return new Map(data?.nodes.map((n) => [n.node, n as unknown as SummaryNode]));
}
