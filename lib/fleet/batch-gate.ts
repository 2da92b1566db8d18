/** The gate: every node has been looked at, nothing has been changed, and now it is all or none. */
import { reasonOfRoom, roomOfAll } from './room.ts';
import type { BatchCommand } from './tasks.ts';
import { isFailed, type NodePlanned, type RoomNeed } from './verdicts.ts';

/** What decides. */
export interface GateRule {
  readonly command: BatchCommand;
  readonly skipRefused: boolean;
  readonly canary: string | null;
  readonly jobs: number;
}

/** The decision. */
export interface GateDecision {
  /** Nodes that cannot be changed. */
  readonly blocking: readonly string[];
  readonly room: readonly RoomNeed[];
  /** Why the batch stops here; null where it may go on. */
  readonly reason: string | null;
  /** Nodes to change, a wave after the other. */
  readonly waves: readonly (readonly NodePlanned[])[];
}

/** Commands that change no node. */
const LOOKING: readonly BatchCommand[] = ['plan', 'status', 'verify'];

/** Whether a command changes nodes. */
export const changesNodes = (command: BatchCommand): boolean => !LOOKING.includes(command);

/**
 * Decides over a batch. Resume, undo and purge go on with those nodes that can be changed, whatever becomes of the
 * others: what they have to do is to be done.
 */
export function decideGate(planned: readonly NodePlanned[], rule: GateRule): GateDecision {
  const { command, skipRefused, canary, jobs } = rule;
  const wanted = planned.filter((p) => p.verdict === 'change');
  const blocking = planned.filter((p) => isFailed(p.verdict)).map((p) => p.node);
  const isGated = command === 'plan' || command === 'apply';
  const room = isGated ? roomOfAll(wanted) : [];
  let reason: string | null = null;
  if (isGated && blocking.length > 0 && !skipRefused) reason = cannotBePlanned(blocking);
  else if (isGated && canary !== null && blocking.includes(canary))
    reason = `the canary ${canary} cannot be planned`;
  else if (isGated && wanted.length > 0) reason = reasonOfRoom(room, Math.min(jobs, wanted.length));
  const waves = reason === null && changesNodes(command) ? wavesOf(wanted, canary) : [];
  return { blocking, room, reason, waves };
}

function wavesOf(wanted: readonly NodePlanned[], canary: string | null): (readonly NodePlanned[])[] {
  const first = wanted.filter((p) => p.node === canary);
  const rest = wanted.filter((p) => p.node !== canary);
  return [first, rest].filter((wave) => wave.length > 0);
}

/** As many names as fit in a line. */
const MOST_NAMES = 5;

function cannotBePlanned(nodes: readonly string[]): string {
  const many = nodes.length === 1 ? 'a node cannot be planned' : `${nodes.length} nodes cannot be planned`;
  const more = nodes.length > MOST_NAMES ? ` and ${nodes.length - MOST_NAMES} more` : '';
  return `${many}: ${nodes.slice(0, MOST_NAMES).join(', ')}${more}`;
}
