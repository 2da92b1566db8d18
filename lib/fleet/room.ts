/** The room that a batch needs: what single nodes need is added up on each file system. */
import { Participants } from '../journal/participants.ts';
import { bytesWritten, mayCutInPlace } from '../journal/room.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import type { RollbackPlan } from '../types.ts';
import type { NodePlanned, RoomNeed } from './verdicts.ts';

/** Bytes that the steps of a plan write on each file system. */
export function roomNeeds(fs: DurableFs, plan: RollbackPlan): RoomNeed[] {
  const { id, roots, snapshotDir, logIndex } = plan;
  const participants = new Participants(id, roots, snapshotDir, logIndex ?? null);
  const needed = new Map<string, number>();
  for (const step of stepsOfPlan(plan)) {
    const bytes = bytesWritten(step, mayCutInPlace(fs, participants.pathOf(step), step)) ?? 0;
    const dir = participants.base(step.file.root);
    if (bytes > 0) needed.set(dir, (needed.get(dir) ?? 0) + bytes);
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
