/** The room that a batch needs: what single nodes need is added up on each file system. */
import { cutsInPlace } from '../journal/execute-step.ts';
import { Participants } from '../journal/participants.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { RollbackPlan } from '../types.ts';
import type { NodePlanned, RoomNeed } from './verdicts.ts';

/** Bytes that the steps of a plan write on each file system. */
export function roomNeeds(fs: DurableFs, plan: RollbackPlan): RoomNeed[] {
  const participants = new Participants(plan.id, plan.roots, plan.snapshotDir);
  const needed = new Map<string, number>();
  for (const step of plan.tables.flatMap((t) => t.steps)) {
    if (step.op !== 'rewrite-keys' && step.op !== 'cut-file') continue;
    const dir = participants.base(step.file.root);
    let bytes = step.to;
    if (step.op === 'cut-file') {
      const isLinked = (lstatOrNull(fs, participants.pathOf(step))?.nlink ?? 1) > 1;
      if (!isLinked && cutsInPlace(step.from, step.to)) bytes = step.from - step.to;
    }
    needed.set(dir, (needed.get(dir) ?? 0) + bytes);
  }
  return [...needed].flatMap(([dir, bytes]) => {
    const free = fs.freeBytes(dir);
    return free === null ? [] : [{ device: fs.lstat(dir).dev, needed: bytes, free }];
  });
}

/** The same for many nodes, one entry for each file system. */
export function roomOfAll(nodes: readonly Pick<NodePlanned, 'needs'>[]): RoomNeed[] {
  const byDevice = new Map<string, RoomNeed>();
  for (const { device, needed, free } of nodes.flatMap((n) => n.needs)) {
    const known = byDevice.get(device);
    byDevice.set(device, {
      device,
      needed: (known?.needed ?? 0) + needed,
      // Asked later, when others may have written: the least counts.
      free: Math.min(known?.free ?? free, free),
    });
  }
  return [...byDevice.values()];
}

/** Journals, marks and directories of a node that is being changed (bytes); they are gone or small when it is done. */
const RESERVE_BYTES = 1024 * 1024;

/** Why the room is too little, with the first file system where it is; null where it is enough. */
export function reasonOfRoom(room: readonly RoomNeed[], jobs: number): string | null {
  const short = room.find(({ needed, free }) => free < needed + jobs * RESERVE_BYTES);
  if (short === undefined) return null;
  const kib = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;
  const wanted = kib(short.needed + jobs * RESERVE_BYTES);
  return `there is too little room on file system ${short.device}: the nodes need ${wanted}, and ${kib(short.free)} are free`;
}
