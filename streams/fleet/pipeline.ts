/** Wires the stages of a batch: nodes are planned, pass the gate together, and are changed in waves. */
import highland from 'highland';
import { type Decide, gate } from './gate.ts';
import { type FleetBrake, nodeSource } from './node-source.ts';
import { outcomeSink } from './outcome-sink.ts';
import { type NodeWork, workOnNodes } from './work-on-nodes.ts';

/** One batch. */
export interface FleetFlow<Node, Planned, Ended> {
  readonly nodes: Iterable<Node>;
  /** How many nodes are worked on at once. */
  readonly jobs: number;
  readonly brake: FleetBrake;
  readonly plan: NodeWork<Node, Planned>;
  readonly decide: Decide<Planned>;
  readonly change: NodeWork<Planned, Ended>;
  readonly onEnded: (ended: Ended) => void;
}

/**
 * Runs a batch to its end.
 * @throws what a stage throws; nodes that are under way go on
 */
export function runFleet<Node, Planned, Ended>(flow: FleetFlow<Node, Planned, Ended>): Promise<void> {
  const { brake, jobs } = flow;
  return new Promise((resolve, reject) => {
    const sink = outcomeSink(flow.onEnded).on('error', reject).on('finish', resolve);
    highland<Node>(nodeSource(flow.nodes, brake))
      .through(workOnNodes(flow.plan, jobs))
      .through(gate(flow.decide))
      .map((wave) => highland<Planned>(nodeSource(wave, brake)).through(workOnNodes(flow.change, jobs)))
      .series()
      .stopOnError((error) => {
        brake.stop();
        reject(error);
      })
      .pipe(sink);
  });
}
