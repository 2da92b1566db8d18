/** The stage that works on nodes, some at once: results come as they come, not behind the slowest. */
import highland from 'highland';

/**
 * Works on one node. A node's work never errs: it ends in a verdict. A promise that is rejected is a defect, and ends
 * the batch.
 */
export type NodeWork<Node, Verdict> = (node: Node) => Promise<Verdict>;

/**
 * A stage for highland's `through`.
 * @param jobs how many nodes are worked on at once
 */
export function workOnNodes<Node, Verdict>(
  work: NodeWork<Node, Verdict>,
  jobs: number,
): (nodes: Highland.Stream<Node>) => Highland.Stream<Verdict> {
  // `parallel` keeps the order, and holds results back behind a slow one.
  return (nodes) => nodes.map((node) => highland(work(node))).mergeWithLimit(jobs);
}
